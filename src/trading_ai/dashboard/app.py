"""The dashboard, served by the optimizer's API on its port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Form, Request, Response
from starlette.exceptions import HTTPException

from trading_ai.api.problems import Problem
from trading_ai.dashboard.answers import Answers
from trading_ai.dashboard.assets import ASSETS
from trading_ai.dashboard.backtests import router as backtests
from trading_ai.dashboard.candles import BarsKept
from trading_ai.dashboard.compare import router as compare
from trading_ai.dashboard.data import router as data
from trading_ai.dashboard.exports import router as exports
from trading_ai.dashboard.home import router as home
from trading_ai.dashboard.levels import LevelsKept
from trading_ai.dashboard.levels import router as levels
from trading_ai.dashboard.notes import router as notes
from trading_ai.dashboard.optimization import router as optimization
from trading_ai.dashboard.optimize import router as optimize
from trading_ai.dashboard.pages import Anybody, PageRoute, go_to, own_path, render, said, set_session, wants_page
from trading_ai.dashboard.previews import router as previews
from trading_ai.dashboard.questions import router as questions
from trading_ai.dashboard.running import router as running
from trading_ai.dashboard.secret import derived, kept
from trading_ai.dashboard.sessions import COOKIE, Sessions
from trading_ai.dashboard.sweeps import Sweeps
from trading_ai.dashboard.verdict import Studies
from trading_ai.dashboard.verdict import router as verdict

if TYPE_CHECKING:
    from trading_ai.api.context import Context

__all__ = ["add_dashboard"]

ROUTERS = (
    home,
    optimization,
    exports,
    verdict,
    optimize,
    backtests,
    levels,
    data,
    previews,
    compare,
    questions,
    running,
    notes,
)
"""The pages, by subject."""

_entrance = APIRouter(include_in_schema=False, route_class=PageRoute)


def add_dashboard(app: FastAPI, context: Context, *, keys_required: bool) -> None:
    """Serve the dashboard beside an API, whose gate stands before it.

    Args:
        app: the API, as `make_app` made it.
        context: what its routes share.
        keys_required: whether somebody without a key sees nothing.
    """
    settings = context.application.settings
    admin_key = settings.admin_key.get_secret_value()
    app.state.sessions = Sessions(
        context.application.keys,
        required=keys_required,
        admin_key=admin_key,
        # Any process behind the same database takes what another one gave out.
        secret=derived(settings.url, admin_key) if settings.is_shared else kept(settings.home),
    )
    app.state.sweeps, app.state.studies, app.state.speeds = Sweeps(context.store), Studies(), {}
    app.state.home, app.state.home_part = (-1e9, {}), None
    app.state.bars, app.state.levels, app.state.answers = BarsKept(context.artifacts), LevelsKept(), Answers()
    app.include_router(ASSETS.router)
    app.include_router(_entrance)
    for router in ROUTERS:
        app.include_router(router)
    told: Any = app.exception_handlers[HTTPException]

    async def not_there(request: Request, error: HTTPException) -> Response:
        """What no route answers: a page where a person asked for one."""
        problem: Problem = await told(request, error)
        path = request.scope["path"]
        return said(request, problem) if wants_page(request) and not path.startswith("/api/") else problem

    app.add_exception_handler(HTTPException, not_there)  # type: ignore[arg-type]


@_entrance.get("/sign-in")
def sign_in_page(request: Request, visitor: Anybody, next: str = "/") -> Response:  # noqa: A002 - part of the address
    """Where a key is shown."""
    if visitor.scope:
        return go_to(own_path(next))
    return render(request, "sign_in.html", next=own_path(next), wrong=False)


@_entrance.post("/do/sign-in")
def sign_in(
    request: Request,
    _: Anybody,
    key: str = Form(max_length=500),
    next: str = Form("/", max_length=2000),  # noqa: A002 - part of the form
) -> Response:
    """Begin a session."""
    sessions: Sessions = request.app.state.sessions
    found = sessions.sign_in(key)
    if found is None:
        return render(request, "sign_in.html", status=401, next=own_path(next), wrong=True)
    answer = go_to(own_path(next))
    set_session(request, answer, found)
    return answer


@_entrance.post("/do/sign-out")
def sign_out(request: Request, _: Anybody) -> Response:
    """End a session."""
    sessions: Sessions = request.app.state.sessions
    sessions.sign_out(request.cookies.get(COOKIE))
    answer = go_to("/sign-in")
    answer.delete_cookie(COOKIE, path="/")
    return answer
