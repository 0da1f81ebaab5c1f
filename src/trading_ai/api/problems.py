"""Errors as problem documents (RFC 9457): what went wrong, which field, which value, which rule."""

from __future__ import annotations

import logging
import math
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from trading_ai.errors import EvaluationError, InputError, NotFoundError, StateError, StorageError, TradingAIError

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[TradingAIError], int, str], ...] = (
    (InputError, 422, "The request cannot be carried out"),
    (NotFoundError, 404, "There is no such thing"),
    (StateError, 409, "Its state does not allow that"),
    (EvaluationError, 422, "It cannot be evaluated"),
    (StorageError, 503, "The database cannot be used"),
)

_log = logging.getLogger(__name__)


class Problem(JSONResponse):
    """A problem document."""

    media_type = MEDIA_TYPE

    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None, **more: Any):
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
        super().__init__(body, status_code=status, headers=headers)


def _plain(value: object) -> object:
    """A value as JSON can show it."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def problem_of(error: TradingAIError) -> Problem:
    """The document of an error."""
    status, title = next(((s, t) for kind, s, t in _STATUS if isinstance(error, kind)), (500, "Something went wrong"))
    more: dict[str, Any] = {}
    if isinstance(error, InputError):
        field = {"field": error.parameter, "value": _plain(error.value), "rule": error.rule, "remedy": error.remedy}
        more["errors"] = [{name: value for name, value in field.items() if value not in ("", None)}]
    headers = {"Retry-After": "2"} if status == 503 else None
    return Problem(status, title, str(error), headers, **more)


def _validation(error: RequestValidationError) -> Problem:
    errors = []
    for found in error.errors():
        place = [str(part) for part in found["loc"] if part != "body"]
        field = {"field": ".".join(place) or "body", "rule": found["msg"]}
        if found["type"] != "missing" and "input" in found and not isinstance(found["input"], bytes | dict | list):
            field["value"] = _plain(found["input"])
        errors.append(field)
    first = errors[0]
    got = f" (got {first['value']!r})" if "value" in first else ""
    return Problem(422, "The request is not as described", f"{first['field']}: {first['rule']}{got}", errors=errors)


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
        detail = error.detail if error.status_code != 404 else f"there is nothing at {request.url.path}"
        return Problem(error.status_code, str(error.detail), detail, dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Problem:
        _log.exception("a request failed", extra={"path": request.url.path}, exc_info=error)
        return Problem(500, "Something went wrong", f"unexpected {type(error).__name__}; the server's log says more")
