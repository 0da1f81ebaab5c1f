"""`trading-ai note`: what a user notes down about a run."""

from __future__ import annotations

import time
from collections.abc import Sequence

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import moment, print_json, say
from trading_ai.cli.output import note as remark
from trading_ai.documents.notes import note_json
from trading_ai.documents.words import short
from trading_ai.errors import InputError
from trading_ai.optimization.notes import NoteRecord, note_about, run_named


def note(
    *,
    run: str = typer.Argument(
        "", metavar="[ID]", help="Backtest or optimization: id, a unique prefix, name or latest."
    ),
    text: str = typer.Argument("", metavar="[TEXT]", help="What to note down; without it, the run's notes are listed."),
    delete: str = typer.Option("", "--delete", metavar="NOTE", help="Delete a note, by its id or a unique prefix."),
    as_json: bool = AS_JSON,
) -> None:
    """Note something down about a run, or list and delete notes; `search` and `ask` find them.

    Without a text, the notes of the run are listed, and without a run, all notes.
    """
    application = Application()
    if delete:
        if run or text:
            raise InputError("takes no run and no text beside it", parameter="--delete", value=delete)
        gone = application.notes.delete(delete)
        if as_json:
            print_json({"id": gone, "deleted": True})
        else:
            say(f"deleted note {short(gone)}")
        return
    if text:
        record = note_about(application.store, run, text, time.time())
        application.notes.add(record)
        if as_json:
            print_json(note_json(record))
        else:
            say(f"noted about {record.kind} {short(record.run_id)} as {short(record.note_id)}")
        return
    found = application.notes.of(run_named(application.store, run)[1]) if run else application.notes.all()
    if as_json:
        print_json([note_json(record) for record in found])
        return
    say_notes(found, with_run=True)
    if not found:
        remark('there are no notes: trading-ai note ID "what you saw" keeps one')


def say_notes(found: Sequence[NoteRecord], *, with_run: bool = False) -> None:
    """Print notes, each below the moment when it was written."""
    for record in found:
        about = f", about {record.kind} {short(record.run_id)}" if with_run else ""
        say(f"note {short(record.note_id)} of {moment(record.created_at)} UTC{about}")
        for line in record.text.splitlines():
            say(f"    {line}")
