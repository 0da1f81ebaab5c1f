"""What `trading_ai.optimization.notes.Notes` promises, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conformance.databases import store_of_a_run
from tests.conformance.test_store import BACKTEST, OPTIMIZATION
from trading_ai.errors import NotFoundError
from trading_ai.optimization.notes import NoteRecord
from trading_ai.store.notes import SqlNotes

ABOUT_BACKTEST = NoteRecord("aaaa-1", "backtest", BACKTEST.backtest_id, "'; DROP TABLE notes; --\n\tü 🎯 %", 5.0)
ABOUT_OPTIMIZATION = NoteRecord("aaaa-2", "optimization", OPTIMIZATION.optimization_id, "wide stops", 7.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def joined(request, tmp_path):
    with store_of_a_run(request, tmp_path) as (database, store):
        notes = SqlNotes(database)
        notes.add(ABOUT_BACKTEST)
        notes.add(ABOUT_OPTIMIZATION)
        yield store, notes


def test_notes_are_kept_as_they_were_written_newest_first(joined) -> None:
    _, notes = joined
    assert notes.all() == [ABOUT_OPTIMIZATION, ABOUT_BACKTEST]
    later = replace(ABOUT_BACKTEST, note_id="bbbb-1", created_at=9.0)
    notes.add(later)
    assert notes.of(BACKTEST.backtest_id) == [later, ABOUT_BACKTEST]
    assert notes.of(OPTIMIZATION.optimization_id) == [ABOUT_OPTIMIZATION]
    assert notes.of("%") == []


def test_a_note_about_nothing_is_not_kept(joined) -> None:
    _, notes = joined
    for kind in ("backtest", "optimization"):
        with pytest.raises(NotFoundError, match=f"no {kind}"):
            notes.add(NoteRecord("c", kind, "nobody", "x", 1.0))
    with pytest.raises(NotFoundError):  # an id of the other kind
        notes.add(replace(ABOUT_BACKTEST, note_id="c", kind="optimization"))
    assert len(notes.all()) == 2


def test_notes_are_deleted_by_what_names_exactly_one(joined) -> None:
    _, notes = joined
    for named in ("", "aaaa", "%", "_aaa-1", "zzzz"):
        with pytest.raises(NotFoundError, match="note"):
            notes.delete(named)
    assert len(notes.all()) == 2
    assert notes.delete("aaaa-1") == "aaaa-1"
    assert notes.all() == [ABOUT_OPTIMIZATION]


def test_notes_go_with_their_run(joined) -> None:
    store, notes = joined
    store.delete_optimization(OPTIMIZATION.optimization_id)
    assert notes.all() == [ABOUT_BACKTEST]
    store.delete_backtest(BACKTEST.backtest_id)
    assert notes.all() == []
