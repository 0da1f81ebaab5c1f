"""The assistant over HTTP: questions in plain language, and what matters in an optimization."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from trading_ai.api.context import Context, context_of
from trading_ai.api.schemas import AskBody, Id
from trading_ai.api.security import needs
from trading_ai.documents.ask_answers import AskAnswer, Insights
from trading_ai.errors import TradingAIError

if TYPE_CHECKING:
    from trading_ai.assistant.answers import Answer

router = APIRouter(prefix="/api/v1", tags=["assistant"], dependencies=[Depends(needs("read"))])

_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with `stream`, server-sent events: `statement` for each sentence, `citation` "
        "for each "
        "query, `end` with the whole answer, in whose sentences a language model may have had a hand meanwhile",
        "content": {"text/event-stream": {}},
    }
}


@router.post("/ask", response_model=AskAnswer, responses=_STREAMED)
async def ask(request: Request, body: AskBody) -> Response:
    """Answer a question in plain language.

    Every figure of the answer is a cell of a query that it cites. What cannot be answered is refused, what can be read
    in several ways is asked back with choices. `conversation` of an answer, sent along, makes the next question a
    follow-up; the server keeps nothing.
    """
    context = context_of(request)
    assistant = context.application.assistant

    def make() -> Answer:
        return assistant.ask(body.question, body.context, body.conversation, words=not body.stream)

    answer = await context.asked(make)
    if not body.stream:
        return JSONResponse(answer.to_json())
    return StreamingResponse(_events(context, answer, body.question), media_type="text/event-stream")


async def _events(context: Context, answer: Answer, question: str) -> AsyncIterator[bytes]:
    told = answer.to_json()
    for statement in told["statements"]:
        yield _event("statement", statement)
    for citation in told["citations"]:
        yield _event("citation", citation)
    with suppress(TradingAIError):  # the program's own sentences stand
        answer = await run_in_threadpool(context.application.assistant.in_words, answer, question)
    yield _event("end", answer.to_json())


def _event(name: str, document: Mapping[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(document, allow_nan=False)}\n\n".encode()


@router.get("/insights/{optimization_id}", response_model=Insights)
async def insights(request: Request, optimization_id: Id) -> Response:
    """What matters in an optimization, found by tests with stated thresholds, the weightiest first."""
    context = context_of(request)
    found = await context.asked(lambda: context.application.assistant.insights(optimization_id))
    return JSONResponse(found)
