"""Requests as no client sends them: each is answered, with what the API describes or with a problem document.

A case is made of its number alone. Nothing runs optimizations here, so that those that start stay as they are.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import random
import shutil
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from tests.fakes.bars import random_bars
from trading_ai.api.app import make_app
from trading_ai.api.context import Context
from trading_ai.bootstrap import Application
from trading_ai.evaluation.model import BacktestSpec, EvaluatedChunk
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.records import OptimizationRecord
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.settings import Settings

SECONDS = 20.0
N_TRIALS = 1_500
EXPECTED = frozenset({200, 201, 400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422})
KEPT = 200
"""Optimizations after which those that were started are deleted again."""

WEIRD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 0.1, -0.0, 1e308, 1e-320, float("nan"),
    float("inf"), "", " ", "a", "latest", "\x00", "\x1b[31m", "\x9b2J", "\u202e", "\ud800", "\U0001f4a5", "%s%n", "'--",
    "../../etc/passwd", "a" * 5_000, "1" * 400, "net_profit + 'a'", "max('a', net_profit)", "-(net_profit < 1)",
    "((((((((((", "net_profit ** net_profit ** 99", "total_trades >= ", "plateau(plateau)", "file.py:function", [], {},
    [[]], [None] * 300, {"a": {"b": {}}}, list(range(2_000)), ["x"] * 50, [1, "1", 1.0, True], {"min_value": 1},
]  # fmt: skip
TEXTS = [
    "net_profit", "-sharpe_ratio", "x", "latest", "0", "-1", "1e3", "99999999999999999999", "true", "\x00", "é",
    "a" * 3_000, "\ud800", "%", "&", "W10", "WyIiLCJhIiwwLCIweDAuMHArMCIsMV0", "6M/3M", "deflated_sharpe=0.5",
]  # fmt: skip


class _Served:
    """Both APIs over a small database in a folder of their own."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="trading-ai-fuzz-"))
        atexit.register(shutil.rmtree, self.home, ignore_errors=True)
        settings = Settings(home=self.home, max_combinations=50_000, max_upload_bytes=300_000, max_body_bytes=50_000)
        self.application = Application(settings)
        backtests = self.application.backtests
        self.dataset = backtests.keep_bars(random_bars(300, 3, tf="H1"), "made up", {}, {})[0].dataset_id
        self.backtest = backtests.run(BacktestSpec("sma_crossover", {}, self.dataset))[0].backtest_id
        self.optimization = "0000fade-0000-4000-8000-000000000000"
        self._fill()
        context = Context(self.application)
        # One task that lasts: threads of the pool end with the task that they began under.
        self.loop = asyncio.new_event_loop()
        lasting = threading.Thread(target=self.loop.run_until_complete, args=(asyncio.Event().wait(),), daemon=True)
        lasting.start()
        names = ("pipeline", "optimizer", "assistant")
        self.apps = {name: make_app(name, context, keys_required=False) for name in names}
        self.keyed = {name: make_app(name, context, keys_required=True) for name in names}
        self.n_started = 0

    def _fill(self) -> None:
        space = SearchSpace((ParameterRange("stop_loss", 1, N_TRIALS, 1),))
        spec = OptimizationSpec(self.backtest, space)
        store, now = self.application.store, time.time()
        store.add_optimization(
            OptimizationRecord(self.optimization, "fuzzed", spec, "running", N_TRIALS, 0, 0, "code", "1", now)
        )
        rng = np.random.default_rng(1)
        metrics = rng.choice([-1.0, 0.0, 2.5, np.nan], (N_TRIALS, len(METRIC_NAMES)))
        chunk = EvaluatedChunk(np.arange(N_TRIALS), metrics, {3: "broke"}, None)
        store.save_chunk(self.optimization, chunk, metrics[:, 0], rng.random(N_TRIALS) < 0.9, 1.0)
        store.change_status(self.optimization, ["running"], "completed", now)

    def tidy(self) -> None:
        """Delete what cases have started."""
        self.n_started = 0
        for record in self.application.store.optimizations():
            if record.optimization_id != self.optimization:
                self.application.store.change_status(record.optimization_id, ["running"], "cancelled", time.time())
                self.application.store.delete_optimization(record.optimization_id)


@cache
def _served() -> _Served:
    return _Served()


def check(number: int, folder: Path) -> str:
    """Send a request; returns the class of its answer, such as 4xx.

    Raises:
        AssertionError: the answer is none that the API describes.
    """
    served, rng = _served(), random.Random(number)
    service, method, path, query, headers, body = _request(rng, served)
    app = (served.keyed if rng.random() < 0.05 else served.apps)[service]
    answer = asyncio.run_coroutine_threadsafe(_ask(app, rng, method, path, query, headers, body), served.loop)
    status, answered, content = answer.result(SECONDS)
    told = f"{method} {path}?{query} {headers} {body[:300]!r}: {status} {content[:500]!r}"
    ready = path == "/ready" and status == 503  # there is no worker
    assert status in EXPECTED or ready, told
    assert str(served.home).encode() not in content, told
    kind = answered.get("content-type", "")
    if status >= 400 and not ready and method != "HEAD":
        assert kind == "application/problem+json", told
        problem = json.loads(content)
        assert problem["status"] == status, told
        assert problem["title"], told
        assert problem["detail"], told
        assert len(content) < 40_000, told
        assert all(error["rule"] for error in problem.get("errors", ())), told
    elif kind == "application/json" and method != "HEAD":
        json.loads(content)
    if status in {200, 201} and method == "POST":
        served.n_started += 1
        if served.n_started > KEPT:
            served.tidy()
    return f"{status // 100}xx"


async def _ask(
    app: Any, rng: random.Random, method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """An answer, its body cut where it does not end: events of an optimization that runs go on for ever."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": quote(path, errors="surrogatepass").encode(), "query_string": query, "root_path": "",
        "scheme": "http", "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "state": {},
    }  # fmt: skip
    cuts = sorted(rng.sample(range(len(body) + 1), min(rng.randrange(3), len(body) + 1)))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    gone = rng.random() < 0.02
    started: dict[str, Any] = {}
    content: list[bytes] = []
    left = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if gone and len(pieces) == 1:
            return {"type": "http.disconnect"}
        if pieces:
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            content.append(message.get("body", b""))
            if started.get("status") == 200 and b"text/event-stream" in dict(started["headers"]).get(
                b"content-type", b""
            ):
                left.set()

    await app(scope, receive, send)
    if gone and not started:
        return 400, {"content-type": "application/problem+json"}, b'{"status":400,"title":"gone","detail":"gone"}'
    answered = {name.decode(): value.decode() for name, value in started["headers"]}
    return started["status"], answered, b"".join(content)


def _request(rng: random.Random, served: _Served) -> tuple[str, str, str, bytes, list[tuple[bytes, bytes]], bytes]:
    """Service, method, path, query, headers and body of a request."""
    service, method, path = rng.choice(_OPERATIONS)
    known = {"D": served.dataset, "B": served.backtest, "O": served.optimization}
    for letter, key in known.items():
        given = rng.choice((key, key, key[:8], "latest", str(rng.choice(TEXTS))))
        path = path.replace("{" + letter + "}", given)
    if rng.random() < 0.05:
        path = _mutated(path.encode(errors="surrogatepass"), rng).decode("latin-1")
    if rng.random() < 0.05:
        method = rng.choice(("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"))
    kind, body = _body(rng, served, path) if method == "POST" else (b"", b"")
    return service, method, path, _query(rng), _headers(rng, kind, body), body


_RESULTS = ("optimizer", "GET", "/api/v1/optimize/{O}/results")
_START, _WALK = ("optimizer", "POST", "/api/v1/optimize"), ("optimizer", "POST", "/api/v1/walk-forward")
_RUN, _UPLOAD = ("pipeline", "POST", "/api/v1/backtests"), ("pipeline", "POST", "/api/v1/datasets")
_OPERATIONS = [
    *[_RESULTS] * 6, *[_START] * 8, *[_WALK] * 2, *[_RUN] * 4, *[_UPLOAD] * 4,
    *(("optimizer", "GET", f"/api/v1/optimize{rest}") for rest in ("", "/{O}", "/{O}/status", "/{O}/events")),
    *(("optimizer", "POST", f"/api/v1/optimize/{{O}}/{what}") for what in ("cancel", "pause", "resume")),
    *(("optimizer", "GET", path) for path in ("/api/v1/workers/status", "/health", "/ready", "/metrics", "/nowhere")),
    *[("assistant", "POST", "/api/v1/ask")] * 4, ("assistant", "GET", "/api/v1/insights/{O}"),
    *(("pipeline", "GET", f"/api/v1/backtests{rest}") for rest in ("", "/{B}", "/{B}/trades", "/{B}/equity")),
    *(("pipeline", "GET", f"/api/v1/{rest}") for rest in ("datasets", "datasets/{D}", "strategies")),
    ("pipeline", "DELETE", "/api/v1/datasets/{D}"), ("pipeline", "DELETE", "/api/v1/backtests/{B}"),
]  # fmt: skip
_NAMES = ("limit", "offset", "sort", "cursor", "pareto", "only", "windows", "max_points", "rank", "seed", "threshold")


def _query(rng: random.Random) -> bytes:
    if rng.random() < 0.4:
        return b""
    pairs = [(rng.choice(_NAMES), rng.choice((*TEXTS, str(rng.randrange(3_000))))) for _ in range(rng.randint(1, 3))]
    text = "&".join(f"{name}={quote(value, errors='surrogatepass')}" for name, value in pairs).encode()
    return _mutated(text, rng) if rng.random() < 0.1 else text


def _headers(rng: random.Random, kind: bytes, body: bytes) -> list[tuple[bytes, bytes]]:
    headers = [(b"host", b"localhost")]
    if kind:
        headers += [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    if rng.random() < 0.2:
        headers.append(rng.choice([
            (b"host", b"evil.example"), (b"origin", b"https://evil.example"), (b"origin", b"null"),
            (b"accept", b"text/csv"), (b"accept", b"image/png"), (b"accept", b"\xff;q=a"),
            (b"x-api-key", b"tai_guess"), (b"x-api-key", b"\xff\x00"),
            (b"authorization", b"Bearer \xe9"), (b"authorization", b"Basic YTpi"), (b"idempotency-key", b"once"),
            (b"idempotency-key", b"\xff"), (b"x-forwarded-for", b"10.0.0.1"), (b"content-type", b"text/plain"),
            (b"content-type", b"multipart/form-data"), (b"content-length", b"9" * 40), (b"content-length", b"-1"),
            (b"content-encoding", b"gzip"), (b"accept", b"application/vnd.apache.parquet"), (b"cookie", b"\xff=\xff"),
            (b"sec-fetch-site", b"cross-site"), (b"referer", b"http://["), (b"host", b"[::1"), (b"host", b"\xff"),
        ]))  # fmt: skip
    return headers


def _body(rng: random.Random, served: _Served, path: str) -> tuple[bytes, bytes]:
    """Content type and content."""
    if "datasets" in path:
        return _form(rng)
    if "optimize/" in path:
        return rng.choice(((b"", b""), (b"application/json", b"{}")))
    if "/ask" in path:
        question = rng.choice(("net profit by weekday", "top 5 combinations", "does the winner survive?", *TEXTS))
        document: Any = {"question": question, "context": "", "conversation": "", "stream": rng.random() < 0.2}
    elif "backtests" in path:
        document = {
            "dataset_id": served.dataset, "strategy": "sma_crossover", "parameters": {"fast": rng.randint(2, 9)},
            "name": "fuzz", "costs": {"commission_per_lot": 3.5}, "sizing": {}, "rules": {},
        }  # fmt: skip
    else:
        axis: dict[str, Any] = {"name": "stop_loss", "min_value": 10, "max_value": rng.randint(1, 60), "step": 5}
        listed = {"name": "fast", "values": [3, 4, 5]}
        document = {
            "backtest_id": served.backtest, "parameters": [axis, listed], "objective": rng.choice(METRIC_NAMES),
            "constraints": ["total_trades >= 1"], "optimization_type": rng.choice(("grid_search", "random_search")),
            "max_iterations": 5, "seed": 1, "priority": 5, "parameter_constraints": ["stop_loss > fast"],
        }  # fmt: skip
        if "walk" in path:
            document |= {"windows": "1W/3D"}
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        document = _changed(document, rng)
    content = json.dumps(document, ensure_ascii=rng.random() < 0.8).encode(errors="surrogatepass")
    if rng.random() < 0.1:
        content = _mutated(content, rng)
    if rng.random() < 0.01:
        content = b"[" * 20_000
    return b"application/json", content


def _changed(value: Any, rng: random.Random) -> Any:
    """A document with one thing changed, somewhere in it."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(list(value))
        what = rng.random()
        if what < 0.1:
            return {key: item for key, item in value.items() if key != name}
        if what < 0.2:
            return value | {str(rng.choice(WEIRD))[:50]: rng.choice(WEIRD)}
        return value | {name: _changed(value[name], rng)}
    if isinstance(value, list) and value and rng.random() < 0.7:
        at = rng.randrange(len(value))
        return [*value[:at], _changed(value[at], rng), *value[at + 1 :]]
    return rng.choice(WEIRD)


def _form(rng: random.Random) -> tuple[bytes, bytes]:
    rows = b"".join(b"2024-01-0%d %02d:00:00,1.1,1.2,1.0,1.1\n" % (1 + i // 24, i % 24) for i in range(48))
    file = b"time,open,high,low,close\n" + rows
    file = _mutated(file, rng) if rng.random() < 0.7 else file
    fields = {b"symbol": b"EURUSD", b"timezone": b"UTC", b"timeframe": b"H1", b"repair": b"false"}
    for _ in range(rng.randrange(3)):
        fields[rng.choice(list(fields))] = str(rng.choice(WEIRD)).encode(errors="surrogatepass")[:200]
    parts = [b'--edge\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair for pair in fields.items()]
    name = rng.choice((b"bars.csv", b"../../a", b"", b"\xff", b"a\r\nb", b"EURUSD.parquet", b"." * 300))
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % name
    parts.append(head + file + b"\r\n")
    rng.shuffle(parts)
    content = b"".join(parts) + b"--edge--\r\n"
    return b"multipart/form-data; boundary=edge", _mutated(content, rng) if rng.random() < 0.2 else content


def _mutated(content: bytes, rng: random.Random) -> bytes:
    made = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(made) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            made[at : at + rng.randint(1, 8)] = b""
        elif kind == 1:
            made[at:at] = rng.randbytes(rng.randint(1, 8))
        elif kind == 2:
            made[at:at] = made[max(at - 30, 0) : at] * rng.randint(1, 20)
        else:
            made[at : at + 1] = rng.choice((b"\x00", b"\xff", b'"', b"\n", b"\r\n", b"{", b"]", b",", b"--edge\r\n"))
    return bytes(made)
