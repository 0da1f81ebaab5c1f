"""Notes of users, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from typing_extensions import TypedDict

from trading_ai.documents.forms import form, iso

if TYPE_CHECKING:
    from trading_ai.optimization.notes import NoteRecord


@form()
class Note(TypedDict):
    """A note about a run.

    Attributes:
        id: of the note.
        kind: what it is about.
        about: id of the backtest or the optimization that it is about.
        text: as it was written; nothing but text, whatever it says.
        created_at: when it was written.
    """

    id: str
    kind: Literal["backtest", "optimization"]
    about: str
    text: str
    created_at: str


def note_json(record: NoteRecord) -> Note:
    """A note as JSON."""
    return {
        "id": record.note_id,
        "kind": record.kind,
        "about": record.run_id,
        "text": record.text,
        "created_at": iso(record.created_at),
    }
