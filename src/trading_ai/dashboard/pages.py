"""Making a page: its template, who looks at it, and the headers that keep it to itself."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable, Coroutine
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from typing_extensions import override

from trading_ai.api.origins import SAFE_METHODS, UPLOADS, RefusalError
from trading_ai.api.problems import Problem, http_problem, problem_of
from trading_ai.dashboard import wording
from trading_ai.dashboard.assets import ASSETS
from trading_ai.dashboard.sessions import COOKIE, FIELD, HEADER, SESSION_SECONDS, Sessions, Visitor, own_origin
from trading_ai.errors import TradingAIError
from trading_ai.figures import theme

if TYPE_CHECKING:
    from jinja2 import Template

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""No script but our files, and nothing from or to another host; figures set styles while they are drawn."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

MENU = (
    ("/", "Home"),
    ("/data", "Data"),
    ("/backtests", "Backtests"),
    ("/optimize", "Optimize"),
    ("/compare", "Compare"),
    ("/ask", "Ask"),
    ("/sql", "SQL"),
    ("/cluster", "Cluster"),
    ("/keys", "Keys"),
)
"""Address and name of each page, as the menu shows them."""


class SignInError(Exception):
    """Nobody is signed in, and the page needs somebody."""


@cache
def environment() -> Environment:
    """Where templates come from; whatever they show is escaped."""
    made = Environment(
        loader=PackageLoader("trading_ai.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"asset": ASSETS.address, "menu": MENU, "label": theme.label, "metric_of": theme.metric_of}
    filters = ("figure", "count", "duration", "rate", "size", "moment", "ago", "value", "values", "sentence")
    made.filters |= {name: getattr(wording, name) for name in filters}
    dark = {light.lower(): twin for light, twin in theme.DARK.items()}
    made.globals["dark_colours"] = json.dumps(dark)
    return made


def render(request: Request, name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page, or a part of one.

    Args:
        request: what asked for it.
        name: the template's name.
        status: status code.
        **values: what the template shows.
    """
    template: Template = environment().get_template(name)
    who: Visitor | None = getattr(request.state, "visitor", None)
    text = template.render(visitor=who, path=request.scope["path"], now=time.time(), **values)
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def go_to(url: str) -> RedirectResponse:
    """Another page, after something was done."""
    return RedirectResponse(url, status_code=303, headers=HEADERS)


def figure_json(figure: str | bytes) -> Response:
    """A figure for the script that draws it."""
    return Response(
        figure.encode() if isinstance(figure, str) else figure, media_type="application/json", headers=HEADERS
    )


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page, and not a script for data."""
    return "text/html" in request.headers.get("accept", "") and request.headers.get("x-part") is None


_SCOPES: dict[Any, str] = {}
"""What each dependency of `visits` asks for."""


def visits(scope: str) -> Any:
    """A dependency: the visitor, who has that scope; of a request that changes something, with the token.

    `PageRoute` sees to it before the body is read.

    Args:
        scope: read, run or admin; "" for whoever comes.
    """

    async def visitor(request: Request) -> Visitor:
        found: Visitor = request.state.visitor
        return found

    _SCOPES[visitor] = scope
    return Depends(visitor)


Reader = Annotated[Visitor, visits("read")]
Runner = Annotated[Visitor, visits("run")]
Admin = Annotated[Visitor, visits("admin")]
Anybody = Annotated[Visitor, visits("")]


async def _admit(request: Request, scope: str) -> None:
    """Find out who asks, and refuse by the headers what they may not: a stranger's files are never received.

    Args:
        request: what is asked.
        scope: what it takes; "" for whoever comes.

    Raises:
        SignInError: nobody is signed in.
        HTTPException: 403 for a change that no page of ours asked for, or of a visitor who may not.
    """
    sessions: Sessions = request.app.state.sessions
    # A key may have to be looked up, which takes as long as the database does.
    request.state.visitor = found = await run_in_threadpool(sessions.of, request.cookies.get(COOKIE))
    changes = request.method not in SAFE_METHODS
    heads = request.headers
    if changes and not own_origin(heads.get("origin"), heads.get("host", ""), heads.get("sec-fetch-site")):
        raise RefusalError(403, "That was asked from elsewhere", "Only pages of this server may do that.")
    if changes and not _sends_small_form(request):
        _check_token(heads.get(HEADER), found)
    if scope and not found.scope:
        raise SignInError
    if scope and not found.may(scope):
        detail = f"Your key has scope {found.scope}; this needs {scope}. Ask for another key."
        raise RefusalError(403, "Your key does not allow that", detail)
    if changes and _sends_small_form(request):
        _check_token(str((await request.form()).get(FIELD, "")), found)


def _sends_small_form(request: Request) -> bool:
    """Whether the token is in a form, which the browser sends by itself: a script has a header for it.

    Forms with files are none: they may be as large as an upload, and only scripts send them.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_upload = request.scope["path"].rstrip("/").endswith(UPLOADS)
    return HEADER not in request.headers and kind == "application/x-www-form-urlencoded" and not is_upload


def _check_token(token: str | None, visitor: Visitor) -> None:
    if token is None or not hmac.compare_digest(token.encode(), visitor.token.encode()):
        raise RefusalError(
            403, "This page is out of date", "It is older than your session. Reload it and try again: nothing was done."
        )


class PageRoute(APIRoute):
    """A route that knows its visitor before it reads a body; errors are pages for people, documents for scripts."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        scopes = [_SCOPES[each.call] for each in self.dependant.dependencies if each.call in _SCOPES]
        if len(scopes) != 1:
            raise TypeError(f"{self.path}: a page names its one visitor: Reader, Runner, Admin or Anybody")

        async def handle(request: Request) -> Response:
            try:
                await _admit(request, scopes[0])
                answer = await inner(request)
            except SignInError:
                answer = _to_sign_in(request)
            except TradingAIError as error:
                answer = said(request, problem_of(error))
            except HTTPException as error:
                answer = said(request, http_problem(error))
            except RequestValidationError as error:
                detail = wording.refusal(error.errors()[0])
                answer = said(request, Problem(422, "The request cannot be carried out", detail))
            visitor: Visitor | None = getattr(request.state, "visitor", None)
            is_new = visitor is not None and visitor.cookie and "set-cookie" not in answer.headers
            if visitor is not None and is_new and _keeps_cookies(request):
                set_session(request, answer, visitor)
            return answer

        return handle


def _keeps_cookies(request: Request) -> bool:
    """Whether a new session may take the place of the browser's.

    What a page of another site sends comes without our cookie, but for links that are followed: who sent it may have a
    session all the same, which is not to be lost.
    """
    heads = request.headers
    followed = heads.get("sec-fetch-mode") == "navigate" and heads.get("sec-fetch-dest", "document") == "document"
    return request.method in SAFE_METHODS and (heads.get("sec-fetch-site") != "cross-site" or followed)


def _to_sign_in(request: Request) -> Response:
    if wants_page(request):
        return go_to(f"/sign-in?next={quote(_page_of(request))}")
    return Problem(401, "Sign in", "Your session is over. Reload the page to sign in again.", HEADERS)


def _page_of(request: Request) -> str:
    """Path and query of the page that a request is of: what is to be done is none, but it was asked for on one."""
    if request.method in SAFE_METHODS:
        return f"{request.scope['path']}{'?' if request.url.query else ''}{request.url.query}"
    try:
        url = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    return f"{url.path or '/'}{'?' if url.query else ''}{url.query}"


def said(request: Request, problem: Problem) -> Response:
    """An error as whoever asked can read it."""
    if not wants_page(request):
        problem.headers.update(HEADERS)
        return problem
    told = json.loads(bytes(problem.body))
    back = "" if request.method in SAFE_METHODS else own_path(_page_of(request))
    return render(
        request, "error.html", status=problem.status_code, title=told["title"], detail=told["detail"], back=back
    )


def own_path(url: str) -> str:
    """A path of this server; anything else leads home."""
    parts = urlsplit(url)
    is_own = url.startswith("/") and not url.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return url if is_own and "\\" not in url and url.isprintable() else "/"


def set_session(request: Request, answer: Response, visitor: Visitor) -> None:
    """Give the browser its session; sent with links of other sites too, of which none changes anything.

    A proxy may not say that the browser speaks TLS: the origin of a sign-in, which is ours, does.
    """
    origin = request.headers.get("origin", "").lower()
    answer.set_cookie(
        COOKIE,
        visitor.cookie,
        max_age=int(SESSION_SECONDS),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https" or origin.startswith("https://"),
        path="/",
    )


def as_json(document: Any) -> Response:
    """Data for a script."""
    return JSONResponse(document, headers=HEADERS)
