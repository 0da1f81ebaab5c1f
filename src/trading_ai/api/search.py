"""Search over HTTP: passages of the documentation and of what is stored, by words and by meaning."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from trading_ai.api.context import context_of
from trading_ai.api.schemas import WordsBody
from trading_ai.api.security import needs
from trading_ai.documents.search_answers import SearchAnswer, search_json

router = APIRouter(prefix="/api/v1", tags=["assistant"], dependencies=[Depends(needs("read"))])


@router.post("/search", response_model=SearchAnswer)
async def search(request: Request, body: WordsBody) -> Response:
    """Find passages of the documentation and of what is stored, by words and by meaning, best first."""
    context = context_of(request)
    found = await context.asked(lambda: context.application.retriever.search(body.query, body.kinds, body.n))
    return JSONResponse(search_json(found))
