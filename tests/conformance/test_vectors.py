"""What `trading_ai.assistant.ports.VectorIndex` promises: on both databases, and on a double of ChromaDB."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.chroma_server import ChromaDouble
from trading_ai.assistant.ports import Passage
from trading_ai.store.database import Database
from trading_ai.store.vectors import SqlVectors
from trading_ai.vectors.chroma import Chroma

E = "model/1"
KINDS = ("trade-note", "backtest", "error")
PASSAGES = [Passage(f"p{i:04}", KINDS[i % 3], str(i), "title", "text") for i in range(1_203)]


def vectors(n: int) -> np.ndarray:
    made = np.random.default_rng(3).normal(size=(n, 16)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@pytest.fixture(params=["sqlite", "postgresql", "chroma"])
def index(request, tmp_path):
    if request.param == "chroma":
        yield Chroma("http://chroma", "me", client=ChromaDouble().client())
        return
    sqlite = f"sqlite:///{tmp_path / 'store.sqlite'}"
    database = Database(sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_store_url"))
    yield SqlVectors(database)
    database.close()


def test_the_nearest_are_those_of_a_look_at_every_one(index) -> None:
    n = len(PASSAGES)
    made = vectors(n)
    index.put(E, PASSAGES, made)
    assert index.count(E) == n
    assert index.held(E) == {p.passage_id for p in PASSAGES}
    asked = vectors(n + 1)[-1]
    cosines = made @ asked
    for kinds in ((), ("error",), ("error", "backtest")):
        places = [i for i in range(n) if not kinds or PASSAGES[i].kind in kinds]
        best = sorted(places, key=lambda i: -cosines[i])[:7]
        found = index.nearest(E, asked, kinds, 7)
        assert [key for key, _ in found] == [PASSAGES[i].passage_id for i in best]
        assert [cosine for _, cosine in found] == pytest.approx([cosines[i] for i in best], abs=1e-5)


def test_what_is_put_again_is_replaced_and_what_is_dropped_is_gone(index) -> None:
    made = vectors(4)
    index.put(E, PASSAGES[:3], made[:3])
    assert index.nearest(E, made[0], (), 1)[0][0] == "p0000"
    index.put(E, PASSAGES[:1], made[3:])
    assert index.count(E) == 3
    assert index.nearest(E, made[3], (), 1)[0][1] == pytest.approx(1.0, abs=1e-5)
    index.drop(E, ["p0000", "nobody"])
    index.drop(E, [])
    assert index.held(E) == {"p0001", "p0002"}
    assert [key for key, _ in index.nearest(E, made[3], (), 5)].count("p0000") == 0


def test_vectors_of_two_embedders_are_never_compared(index) -> None:
    made = vectors(2)
    index.put(E, PASSAGES[:1], made[:1])
    assert index.nearest("model/2", made[0], (), 5) == []
    assert index.held("model/2") == frozenset()
    assert index.count("model/2") == 0
    index.put("model/2", PASSAGES[1:2], made[1:, :8])  # of another length
    assert [key for key, _ in index.nearest("model/2", made[1, :8], (), 5)] == ["p0001"]
    index.drop("model/2", ["p0000"])
    assert index.count(E) == 1


def test_what_another_process_wrote_and_dropped_is_seen(tmp_path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    here, there = SqlVectors(Database(url)), SqlVectors(Database(url))
    made = vectors(3)
    here.put(E, PASSAGES[:2], made[:2])
    assert len(here.nearest(E, made[2], (), 5)) == 2
    there.put(E, PASSAGES[2:3], made[2:])
    there.drop(E, ["p0000"])
    assert [key for key, _ in here.nearest(E, made[2], (), 5)] == ["p0002", "p0001"]
    assert set(here.read(E, ["p0000", "p0001"])) == {"p0001"}
    assert here.read(E, ["p0001"])["p0001"] == pytest.approx(made[1])
