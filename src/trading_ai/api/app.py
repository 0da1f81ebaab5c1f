"""The APIs as applications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

from trading_ai import __version__
from trading_ai.api import assistant, bundles, notes, optimizer, passes, pipeline, search, sql, walk_forward
from trading_ai.api.answers import PROBLEMS, Health, Ready, problem_schemas
from trading_ai.api.context import PARTS, Parts
from trading_ai.api.documentation import add_documentation
from trading_ai.api.origins import doors, listed
from trading_ai.api.problems import add_handlers
from trading_ai.api.security import Bounds, Gate, Guard
from trading_ai.telemetry.measures import exposition

if TYPE_CHECKING:
    from trading_ai.api.context import Context

_TITLES = {
    "pipeline": "trading-ai data pipeline",
    "assistant": "trading-ai assistant",
    "optimizer": "trading-ai optimizer",
}
_ROUTERS = {
    "pipeline": [bundles.router, pipeline.router, sql.router],
    "assistant": [assistant.router, search.router, notes.router],
    "optimizer": [passes.router, optimizer.router, walk_forward.router],  # "import" is no id
}


def make_app(service: str, context: Context, *, keys_required: bool, this_machine: bool = True) -> FastAPI:
    """An API.

    Args:
        service: pipeline, assistant or optimizer.
        context: what its routes share.
        keys_required: whether requests without an API key are refused.
        this_machine: where none is required, whether only this machine may ask; otherwise whoever reaches it may.
    """
    settings = context.application.settings
    app = FastAPI(
        title=_TITLES[service],
        version=__version__,
        responses=PROBLEMS,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.state.context = context
    admin_key = settings.admin_key.get_secret_value()
    app.state.guard = guard = Guard(context.application.keys, required=keys_required, admin_key=admin_key)
    app.include_router(_health(service, context))
    for router in _ROUTERS[service]:
        app.include_router(router)
    add_documentation(app)
    add_handlers(app)
    _describe(app, required=keys_required)
    way_in = doors(
        keys_required=keys_required,
        this_machine=this_machine,
        hosts=settings.allowed_hosts,
        origins=settings.cors_origins,
    )
    bounds = Bounds(settings.max_body_bytes, settings.max_upload_bytes, settings.request_seconds)
    app.add_middleware(Gate, service=service, guard=guard, doors=way_in, bounds=bounds)
    origins = sorted(listed(settings.cors_origins))
    if origins:  # outside of the gate: a page that may ask must be able to read why it was refused
        app.add_middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])
    return app


def _describe(app: FastAPI, *, required: bool) -> None:
    """Say in the app's description how keys are sent, whether one is needed, and what a refusal looks like."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            description = plain()
            components = description.setdefault("components", {})
            components["securitySchemes"] = {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            }
            components.setdefault("schemas", {}).update(problem_schemas())
            ways: list[dict[str, Any]] = [{"key": []}, {"bearer": []}]
            for path, operations in description["paths"].items():
                for operation in operations.values() if path.startswith("/api/") else ():
                    operation["security"] = ways if required else [{}, *ways]
            app.openapi_schema = description
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _health(service: str, context: Context) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health", response_model=Health)
    async def health() -> Response:
        """Whether this process lives."""
        alive: Health = {"status": "ok", "service": service, "version": __version__}
        return JSONResponse(alive)

    @router.get(
        "/ready", response_model=Ready, responses={503: {"model": Ready, "description": "Something is missing"}}
    )
    def ready(only: Parts = None) -> Response:
        """Whether work can be done: which of database, broker and workers is missing; `only` looks at some of them.

        `?only=database` is what this service needs to answer: without a worker it still tells what there is. The
        assistant needs nothing but the database; without a language model it is degraded, and ready all the same.
        """
        state = context.ready_to_answer() if service == "assistant" else context.ready(only or PARTS)
        return JSONResponse(state, status_code=200 if not state["missing"] else 503)

    @router.get("/metrics", include_in_schema=False)
    def metrics(_: Request) -> Response:
        """Metrics for Prometheus."""
        if service == "assistant":
            text = exposition(context.application.neighbours)
        else:
            text = exposition(context) if service == "optimizer" else exposition()
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
