"""A real ChromaDB server: killed while it is written, emptied, away; what it lost comes back from the database."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.fakes.embedders import BagOfWords
from trading_ai.assistant.indexing import Index
from trading_ai.assistant.ports import Passage
from trading_ai.cli.main import run
from trading_ai.errors import TransientError
from trading_ai.store.database import Database
from trading_ai.store.vectors import SqlVectors
from trading_ai.vectors.chroma import Chroma

N = 3_000
PASSAGES = {f"p{i:05}": Passage(f"p{i:05}", "trade-note", str(i), "note", f"number {i}") for i in range(N)}


class Server:
    """A ChromaDB server on a folder; it can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("chroma", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        if program is None:
            pytest.fail("chroma is not installed: run `make test-assistant`")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder, self.program = folder, program
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = [self.program, "run", "--path", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port)]
        quiet = os.environ | {"ANONYMIZED_TELEMETRY": "False"}
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet)
        limit = time.monotonic() + 120
        while time.monotonic() < limit:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/api/v2/heartbeat", timeout=1).is_success:
                    return
            assert self.process.poll() is None, "it ended at once"
            time.sleep(0.1)
        pytest.fail("it did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "chroma")
    yield made
    made.kill()


def test_it_finds_what_a_look_at_every_one_finds(server: Server) -> None:
    chroma = Chroma(server.url, "me")
    passages = list(PASSAGES.values())
    made = np.random.default_rng(1).normal(size=(N, 64)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    chroma.put("e/1", passages, made)
    assert chroma.count("e/1") == N
    assert chroma.held("e/1") == set(PASSAGES)
    asked = made[:50]
    right = [chroma.nearest("e/1", vector, (), 1)[0][0] == passages[i].passage_id for i, vector in enumerate(asked)]
    assert sum(right) >= 49  # its search is approximate
    assert chroma.nearest("e/1", made[7], ["trade-note"], 1)[0] == (
        passages[7].passage_id,
        pytest.approx(1.0, abs=1e-4),
    )
    assert chroma.nearest("e/1", made[7], ["error"], 3) == []
    chroma.drop("e/1", ["p00007", "nobody"])
    assert chroma.nearest("e/1", made[7], (), 1)[0][0] != "p00007"
    other = Chroma(server.url, "somebody else")
    assert other.count("e/1") == 0


def test_killed_while_it_is_written_it_is_filled_from_the_database(server: Server, tmp_path: Path) -> None:
    embedder = BagOfWords()
    kept = SqlVectors(Database(f"sqlite:///{tmp_path / 'store.sqlite'}"))
    index = Index(embedder, kept, Chroma(server.url, "me"))
    Index(embedder, kept).refresh(PASSAGES)  # the database has all of them
    embedder.seen.clear()
    seen = Chroma(server.url, "me")
    died = threading.Event()

    def kill_it() -> None:
        while not died.is_set():
            with suppress(TransientError):
                if 0 < seen.count(embedder.name) < N:
                    server.kill()
                    died.set()

    killer = threading.Thread(target=kill_it, daemon=True)
    killer.start()
    with suppress(TransientError):  # the last request may have been carried out when it died
        index.refresh(PASSAGES)
    killer.join(60)
    assert died.is_set(), "it was not killed in the midst of it"
    with pytest.raises(TransientError, match="ChromaDB does not answer"):
        index.nearest("number 5", (), 3)
    server.start()
    index.refresh(PASSAGES)
    chroma = Chroma(server.url, "me")
    assert chroma.held(embedder.name) == set(PASSAGES)
    assert index.nearest("number 2999", (), 1)[0][0] == "p02999"
    server.kill()
    shutil.rmtree(server.folder)
    server.start()
    assert index.refresh(PASSAGES).n_copied == N
    assert index.nearest("number 2999", (), 1)[0][0] == "p02999"
    texts_of_passages = [text for text in embedder.seen if text.startswith("note\n")]
    assert texts_of_passages == [], "nothing was embedded twice"


def test_the_command_line_with_a_server_and_without(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRADING_AI_CHROMA_URL", server.url)
    assert run(["data", "import", "--sample", "EURUSD"]) == 0
    assert run(["backtest", "run", "--dataset", "latest", "--strategy", "donchian_breakout"]) == 0
    assert run(["note", "latest", "tight exits got hit by the open in Tokyo"]) == 0
    capsys.readouterr()

    def hits() -> tuple[list[str], list[str]]:
        assert run(["search", "narrow stops in the Asian session", "--kind", "trade-note", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        return [hit["text"] for hit in found["hits"]], found["said"]

    assert hits() == (["tight exits got hit by the open in Tokyo"], [])
    server.kill()
    texts, said = hits()
    assert texts == []  # it shares no word with the question
    assert said == ["Found by words only: ChromaDB does not answer (ConnectError)"]
    server.start()
    assert run(["index", "--rebuild", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["n_copied"] == done["n_embedded"] == 3  # dataset, backtest, note
    assert hits()[1] == []
