"""What the pages load: our own scripts and styles, one that reports have too, and the charts that packages ship."""

from __future__ import annotations

from pathlib import Path

from trading_ai.api.assets import Assets

ASSETS = Assets(
    "/assets",
    Path(__file__).parent / "static",
    {
        "tables.js": ("trading_ai", "reports/tables.js"),
        "plotly.js": ("plotly", "package_data/plotly.min.js"),
        "lightweight-charts.js": ("akquant_lwc", "assets/lightweight-charts.standalone.production.js"),
    },
)
