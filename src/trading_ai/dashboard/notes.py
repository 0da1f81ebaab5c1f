"""What users write down about a run, on its page; the search and the assistant find it too."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from trading_ai.api.context import context_of
from trading_ai.api.schemas import Id
from trading_ai.dashboard.pages import PageRoute, Runner, go_to
from trading_ai.documents.notes import Note, note_json
from trading_ai.optimization.notes import MOST_CHARACTERS, note_about, run_named

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_About = Annotated[str, Form(min_length=1, max_length=200)]


def notes_of(request: Request, run_id: str) -> list[Note]:
    """Notes about a run, newest first."""
    return [note_json(record) for record in context_of(request).application.notes.of(run_id)]


def _back(request: Request, about: str) -> Response:
    kind, run_id = run_named(context_of(request).application.store, about)
    return go_to(f"/{kind}s/{run_id}#notes-title")


@router.post("/do/notes")
def add(
    request: Request, _: Runner, about: _About, text: Annotated[str, Form(min_length=1, max_length=MOST_CHARACTERS)]
) -> Response:
    """Keep a note about a backtest or an optimization."""
    application = context_of(request).application
    application.notes.add(note_about(application.store, about, text, time.time()))
    return _back(request, about)


@router.post("/do/notes/{note_id}/delete")
def delete(request: Request, _: Runner, note_id: Id, about: _About) -> Response:
    """Delete a note."""
    context_of(request).application.notes.delete(note_id)
    return _back(request, about)
