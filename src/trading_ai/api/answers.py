"""What only the APIs answer; every other answer is a document of `trading_ai.documents`.

Routes answer documents as they are, without checking them against their description once more: a type checker sees
that they are whole, and tests compare every answer with what is described, field by field.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from trading_ai.documents.forms import form


@form()
class Health(TypedDict):
    """A process that lives.

    Attributes:
        status: ok.
        service: pipeline, assistant or optimizer.
        version: version of the program.
    """

    status: Literal["ok"]
    service: str
    version: str


@form()
class Checks(TypedDict, total=False):
    """What was looked at: "ok", or what is wrong.

    Attributes:
        database: where records and trials are kept.
        broker: what tells workers of chunks, where one is set.
        workers: who evaluates combinations.
        language_model: what words answers of the assistant.
    """

    database: str
    broker: str
    workers: str
    language_model: str


@form()
class Ready(TypedDict):
    """Whether work can be done, and what is missing.

    Attributes:
        status: ready; degraded, where all that is needed is there and something that helps is not; or not ready.
        missing: names of the checks that failed.
        checks: each check.
    """

    status: Literal["ready", "degraded", "not ready"]
    missing: list[str]
    checks: Checks


@form()
class Deleted(TypedDict):
    """A dataset or a backtest that is gone.

    Attributes:
        id: what it was called.
        deleted: true.
    """

    id: str
    deleted: Literal[True]


@form()
class FieldError(TypedDict, total=False):
    """What is wrong with one field of a request.

    Attributes:
        field: its name; of nested ones, with dots.
        value: what was sent, or its beginning.
        rule: what it breaks.
        remedy: what to do.
        line: line of the uploaded file.
    """

    field: str
    value: Any
    rule: str
    remedy: str
    line: int


@form()
class Problem(TypedDict):
    """What went wrong (RFC 9457).

    Attributes:
        type: about:blank; the status says which kind of problem it is.
        title: what kind of problem it is.
        status: the HTTP status.
        detail: what was wrong: the field, the value, the rule.
        errors: each wrong field.
    """

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[FieldError]]


PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {
        "description": text,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for code, text in {
        400: "The request cannot be read",
        401: "An API key is needed",
        403: "The API key does not allow that",
        404: "There is no such thing",
        406: "That format is not offered",
        408: "The request's body did not come in time",
        409: "Its state does not allow that",
        413: "The request is too large",
        415: "That content type is not taken",
        422: "The request cannot be carried out",
        503: "The database cannot be used",
        507: "There is no room for the request",
    }.items()
}
"""The refusals of every route, as their descriptions have them."""


def problem_schemas() -> dict[str, Any]:
    """Descriptions of a problem and its parts, by name: what `PROBLEMS` refers to."""
    found = TypeAdapter(Problem).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = found.pop("$defs")
    return {"Problem": found, **parts}
