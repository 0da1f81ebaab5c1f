"""Errors as problem documents (RFC 9457): what went wrong, which field, which value, which rule."""

from __future__ import annotations

import errno
import json
import logging
import math
import re
import tempfile
from functools import cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from typing_extensions import override

from trading_ai.api.wording import in_fields
from trading_ai.errors import (
    DataError,
    EvaluationError,
    InputError,
    NotFoundError,
    StateError,
    StorageError,
    TradingAIError,
    did_you_mean,
)

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[TradingAIError], int, str], ...] = (
    (InputError, 422, "The request cannot be carried out"),
    (NotFoundError, 404, "There is no such thing"),
    (StateError, 409, "Its state does not allow that"),
    (EvaluationError, 422, "It cannot be evaluated"),
    (StorageError, 503, "The database cannot be used"),
)

_TITLES = {
    400: "The request cannot be read",
    401: "An API key is needed",
    403: "The API key does not allow that",
    404: "There is no such thing",
    405: "That method is not offered here",
    408: "The request is too slow",
    413: "The request is too large",
    415: "That content type is not taken",
    507: "There is no room",
}
_TYPES = {"bool", "int", "float", "str", "constrained-int", "constrained-float", "constrained-str"}
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Error numbers of a disk that takes no more."""

_VALUE_SHOWN = 200
_FIELDS_SHOWN = 50

_log = logging.getLogger(__name__)


class Problem(JSONResponse):
    """A problem document."""

    media_type = MEDIA_TYPE

    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None, **more: Any):
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
        super().__init__(body, status_code=status, headers=headers)

    @override
    def render(self, content: Any) -> bytes:
        """The document; in ASCII, because what a request sent may be no valid text."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    """A value as JSON can show it; of a long one its beginning."""
    if isinstance(value, int) and abs(value) >= 2**63:
        return _short(hex(value))
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= _VALUE_SHOWN else text[:_VALUE_SHOWN] + "…"


def problem_of(error: TradingAIError) -> Problem:
    """The document of an error."""
    status, title = next(((s, t) for kind, s, t in _STATUS if isinstance(error, kind)), (500, "Something went wrong"))
    more: dict[str, Any] = {}
    if isinstance(error, InputError):
        error = in_fields(error)
        field = {"field": error.parameter, "value": _plain(error.value), "rule": error.rule, "remedy": error.remedy}
        if isinstance(error, DataError):
            field["line"] = error.line
        more["errors"] = [{name: value for name, value in field.items() if value not in ("", None)}]
    headers = {"Retry-After": "2"} if status == 503 else None
    return Problem(status, title, str(error), headers, **more)


def http_problem(error: HTTPException) -> Problem:
    """The document of an HTTP error; of one that knows its title, with that."""
    status = error.status_code
    title = getattr(error, "title", "") or _TITLES.get(status, str(error.detail))
    return Problem(status, title, str(error.detail), dict(error.headers or {}))


def _no_room(error: BaseException | None) -> Problem | None:
    """The document of an error that came of a full disk, or None."""
    if not isinstance(error, OSError) or error.errno not in FULL:
        return None
    folder = tempfile.gettempdir()
    return Problem(
        507, _TITLES[507], f"{error.strerror}: the server has no room for this request, which it keeps in {folder}"
        " meanwhile. Send a smaller file, or give that folder more room", {"Retry-After": "60", "Connection": "close"},
    )  # fmt: skip


def _validation(error: RequestValidationError) -> Problem:
    fields: dict[str, dict[str, Any]] = {}
    for found in error.errors():
        name, rule = _field(found), str(found["msg"])
        if len(fields) == _FIELDS_SHOWN and name not in fields:
            break  # a request can have a hundred thousand wrong fields
        if found["type"] == "json_invalid":
            rule = f"is not JSON: {found['ctx']['error']} at character {found['loc'][-1]}"
        if found["type"] == "extra_forbidden":
            rule = f"{rule}. {did_you_mean(name.rpartition('.')[2], _field_names())}".rstrip(". ")
        known = fields.setdefault(name, {"field": name, "rule": rule, "type": found["type"]})
        if found["type"] != "missing" and "input" in found and not isinstance(found["input"], bytes | dict | list):
            known["value"] = _plain(found["input"])
        # A field of several types breaks a rule of each: what counts is the one of the type that it has, if any.
        if known["type"].endswith("_type") and known["rule"] != rule:
            if found["type"].endswith("_type"):
                known["rule"] += f" or {rule.removeprefix('Input should be ')}"
            else:
                known |= {"rule": rule, "type": found["type"]}
    errors = [{key: value for key, value in field.items() if key != "type"} for field in fields.values()]
    first = errors[0]
    got = f" (got {first['value']!r})" if "value" in first else ""
    return Problem(422, "The request is not as described", f"{first['field']}: {first['rule']}{got}", errors=errors)


@cache
def _field_names() -> frozenset[str]:
    """Names of all fields of requests."""
    from trading_ai.api import schemas  # noqa: PLC0415 - what it needs knows of problems

    models = [each for each in vars(schemas).values() if isinstance(each, type) and issubclass(each, BaseModel)]
    return frozenset(name for model in models for name in model.model_fields)


def _field(found: dict[str, Any]) -> str:
    """Name of the field that an error is about."""
    where, *place = (str(part) for part in found["loc"])
    if found["type"] == "json_invalid" or not place:
        return where
    if len(place) > 1 and place[-1] in _TYPES and found["type"] != "extra_forbidden":
        place.pop()
    return ".".join(place)


def _methods(app: FastAPI, request: Request) -> list[str]:
    """What is offered at a request's path: several routes may share it, and each knows its own methods only."""
    path = request.scope["path"]
    for template, operations in app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(template)), path):
            return sorted(name.upper() for name in operations)
    return ["GET"]  # the documentation itself


def add_handlers(app: FastAPI) -> None:
    """Answer every error of an app with a problem document."""

    @app.exception_handler(TradingAIError)
    async def _own(_: Request, error: TradingAIError) -> Problem:
        return problem_of(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Problem:
        return _validation(error)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Problem:
        full = _no_room(error.__cause__)
        if full is not None:
            return full
        # Not its URL, which cannot be made of a query that is no text.
        path = str(request.scope["path"])
        status, detail, headers = error.status_code, str(error.detail), dict(error.headers or {})
        if status == 404:
            detail = f"there is nothing at {path}"
        elif status == 405:
            headers["Allow"] = ", ".join(_methods(app, request))
            detail = f"{request.method} is not offered at {path}; {headers['Allow']} is"
        return Problem(status, _TITLES.get(status, detail), detail, headers)

    @app.exception_handler(OSError)
    async def _full(_: Request, error: OSError) -> Problem:
        problem = _no_room(error)
        if problem is None:
            raise error
        return problem

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Problem:
        _log.exception("a request failed", extra={"path": request.scope["path"]}, exc_info=error)
        return Problem(500, "Something went wrong", f"unexpected {type(error).__name__}; the server's log says more")
