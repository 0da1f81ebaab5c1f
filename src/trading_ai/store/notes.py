"""Notes in the database."""

from __future__ import annotations

from sqlalchemy import delete, select
from typing_extensions import override

from trading_ai.errors import NotFoundError
from trading_ai.optimization.notes import NoteRecord, Notes
from trading_ai.store.database import Database
from trading_ai.store.tables import backtests, notes, optimizations

_ENOUGH = 2
"""Notes that are read to know whether a beginning names one."""


class SqlNotes(Notes):
    """Notes on a SQL database.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._read, self._write = database.read, database.write

    @override
    def add(self, record: NoteRecord) -> None:
        runs = backtests if record.kind == "backtest" else optimizations
        named = runs.c[f"{record.kind}_id"]
        with self._write() as connection:
            # Locked: a run that is deleted at this moment takes the note with it, or there is none to write.
            key = connection.execute(select(runs.c.id).where(named == record.run_id).with_for_update()).scalar()
            if key is None:
                raise NotFoundError(record.kind, record.run_id)
            said = {"note_id": record.note_id, "text": record.text, "created_at": record.created_at}
            connection.execute(notes.insert().values(**said, **{record.kind: key}))

    @override
    def all(self) -> list[NoteRecord]:
        return self._found(None)

    @override
    def of(self, run_id: str) -> list[NoteRecord]:
        return self._found(run_id)

    @override
    def delete(self, named: str) -> str:
        with self._write() as connection:
            begins = notes.c.note_id.startswith(named, autoescape=True)
            asked = select(notes.c.note_id).where(begins).order_by(notes.c.note_id).limit(_ENOUGH)
            found = connection.execute(asked).scalars().all() if named else []
            if len(found) != 1:
                why = "More than one begins so: write more of it" if found else "`trading-ai note` lists them"
                raise NotFoundError("note", named, why)
            connection.execute(delete(notes).where(notes.c.note_id == found[0]))
        return str(found[0])

    def _found(self, run_id: str | None) -> list[NoteRecord]:
        joined = notes.outerjoin(backtests, notes.c.backtest == backtests.c.id)
        joined = joined.outerjoin(optimizations, notes.c.optimization == optimizations.c.id)
        chosen = select(notes, backtests.c.backtest_id, optimizations.c.optimization_id).select_from(joined)
        if run_id is not None:
            chosen = chosen.where((backtests.c.backtest_id == run_id) | (optimizations.c.optimization_id == run_id))
        with self._read() as connection:
            rows = connection.execute(chosen.order_by(notes.c.created_at.desc(), notes.c.note_id)).all()
        return [
            NoteRecord(
                note_id=row.note_id,
                kind="optimization" if row.backtest_id is None else "backtest",
                run_id=row.optimization_id if row.backtest_id is None else row.backtest_id,
                text=row.text,
                created_at=row.created_at,
            )
            for row in rows
        ]
