"""Notes over HTTP: what users write down about their runs; the search of the same port finds them."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from trading_ai.api.answers import Deleted
from trading_ai.api.context import context_of
from trading_ai.api.fields import ID_PATTERN
from trading_ai.api.schemas import Id, NoteBody
from trading_ai.api.security import needs
from trading_ai.documents.notes import Note, note_json
from trading_ai.optimization.notes import note_about, run_named

router = APIRouter(prefix="/api/v1/notes", tags=["notes"])

_READ, _RUN = [Depends(needs("read"))], [Depends(needs("run"))]
_About = Annotated[
    str | None, Query(min_length=1, max_length=200, pattern=ID_PATTERN, description="Only notes about this run.")
]


@router.get("", response_model=list[Note], dependencies=_READ)
def list_notes(request: Request, about: _About = None) -> Response:
    """Notes, newest first; with `about`, those of one backtest or optimization."""
    application = context_of(request).application
    found = application.notes.all() if about is None else application.notes.of(run_named(application.store, about)[1])
    return JSONResponse([note_json(record) for record in found])


@router.post("", status_code=201, response_model=Note, dependencies=_RUN)
def add_note(request: Request, body: NoteBody) -> Response:
    """Keep a note about a backtest or an optimization; it goes when the run is deleted."""
    application = context_of(request).application
    record = note_about(application.store, body.about, body.text, time.time())
    application.notes.add(record)
    return JSONResponse(note_json(record), status_code=201)


@router.delete("/{note_id}", response_model=Deleted, dependencies=_RUN)
def delete_note(request: Request, note_id: Id) -> Response:
    """Delete a note."""
    gone: Deleted = {"id": context_of(request).application.notes.delete(note_id), "deleted": True}
    return JSONResponse(gone)
