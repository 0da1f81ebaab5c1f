"""The descriptions of the APIs for people, at `/docs` and `/redoc`: they work without a network."""

from __future__ import annotations

import html
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse

from trading_ai.api.assets import Assets

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; worker-src blob:; frame-ancestors 'none'; base-uri 'none'"
)
_PACKAGE = "fastapi_offline"


def add_documentation(app: FastAPI) -> None:
    """Serve the pages on an app; their scripts are those that a package ships."""
    assets = Assets(
        "/docs/assets",
        Path(__file__).parent / "static",
        {
            "swagger-ui.js": (_PACKAGE, "static/swagger-ui-bundle.js"),
            "swagger-ui.css": (_PACKAGE, "static/swagger-ui.css"),
            "redoc.js": (_PACKAGE, "static/redoc.standalone.js"),
        },
    )
    app.include_router(assets.router)

    @app.get("/docs", include_in_schema=False)
    def swagger() -> Response:
        """Every request, to read and to try."""
        style = f'<link rel="stylesheet" href="{assets.address("swagger-ui.css")}">'
        return _page(app, assets, style, "swagger-ui.js", '<div id="swagger"></div>')

    @app.get("/redoc", include_in_schema=False)
    def redoc() -> Response:
        """Every request, to read."""
        return _page(app, assets, "", "redoc.js", '<div id="redoc"></div>')


def _page(app: FastAPI, assets: Assets, style: str, script: str, body: str) -> Response:
    scripts = "".join(f'<script src="{assets.address(name)}"></script>' for name in (script, "describe.js"))
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{html.escape(app.title)}</title>{style}</head><body>{body}{scripts}</body></html>"
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"})
