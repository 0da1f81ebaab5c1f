"""Questions: in plain language, in a panel that knows the page, and in SQL."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from trading_ai.api import assistant, sql
from trading_ai.api.context import context_of
from trading_ai.api.schemas import AskBody, SqlBody
from trading_ai.dashboard.pages import PageRoute, Reader, render
from trading_ai.documents.sql_schema import schema_json

router = APIRouter(include_in_schema=False, route_class=PageRoute)

EXAMPLES = (
    "Which optimization is the best?",
    "Does the winner of my last optimization survive?",
    "Which parameter matters most?",
    "On which weekday do I lose money?",
    "How much of the profit do costs take?",
    "What was the deepest drawdown?",
)
_BACKTESTS = "select name, symbol, timeframe, net_profit, sharpe_ratio from backtests order by net_profit desc"
QUERIES = (
    ("The ten best trials", "select * from trials('latest') order by rank limit 10"),
    ("Every backtest", _BACKTESTS),
    ("How many runs there are", "select status, count(*) as n from optimizations group by status"),
)


@router.get("/ask")
def ask_page(request: Request, _: Reader, q: Annotated[str, Query(max_length=1000)] = "") -> Response:
    """Questions in plain language."""
    has_model = context_of(request).application.assistant.has_model
    return render(request, "ask.html", question=q, examples=EXAMPLES, has_model=has_model)


@router.post("/do/ask")
async def ask(request: Request, _: Reader, body: AskBody) -> Response:
    """Answer a question, as the API does."""
    return await assistant.ask(request, body)


@router.get("/sql")
def sql_page(request: Request, _: Reader, q: Annotated[str, Query(max_length=20_000)] = "") -> Response:
    """SQL over everything that is stored."""
    tables = schema_json()["tables"]
    return render(request, "sql.html", query=q or QUERIES[0][1], examples=QUERIES, tables=tables, is_asked=bool(q))


@router.post("/do/sql")
async def query(request: Request, _: Reader, body: SqlBody) -> Response:
    """Answer one SELECT, as the API does."""
    return await sql.ask(request, body)
