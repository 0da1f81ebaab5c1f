"""The scripts that start, watch and read optimizations and test a deployment, run as a user runs them."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.user_strategies import RAISES, write_strategy
from tests.preloaded import run_command, start_command
from tests.servers import free_port
from trading_ai import __version__
from trading_ai.parameters import ParameterRange

pytestmark = pytest.mark.skipif(
    not (shutil.which("jq") and shutil.which("curl")), reason="the scripts need jq and curl: install both"
)

ROOT = Path(__file__).resolve().parents[2]
RUN, STATUS = "run-optimization.sh", "check-optimization-status.sh"
RESULTS, TEST = "get-optimization-results.sh", "test-optimizer.sh"
SCRIPTS = (RUN, STATUS, RESULTS, TEST)
UNKNOWN = "123e4567-e89b-12d3-a456-426614174000"
LINE = "━" * 38
SHAPE = "It takes a backtest, and for each parameter its name, MIN, MAX and STEP."
START = (
    "start it (trading-ai serve, or scripts/deploy-optimizer.sh), or say where it is: OPTIMIZER_URL=http://HOST:PORT"
)


def clean_environment(**more: str) -> dict[str, str]:
    """This environment without what would change where the scripts look."""
    others = ("TRADING_AI_", "OPTIMIZER_URL", "PIPELINE_URL", "ASSISTANT_URL", "POLL_SECONDS", "TIMEOUT")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(others) and not k.lower().endswith("_proxy")}
    return kept | more


def run(script, *arguments, env, text=None, code=0):
    """Run a script from the root of the checkout; returns what it printed, errors apart."""
    done = subprocess.run(
        [f"./scripts/{script}", *arguments],
        cwd=ROOT, env=env, input=text, stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


def error(what: str, why: str, what_next: str) -> str:
    return f"✗ {what}\n  Why:  {why}\n  Next: {what_next}\n"


@dataclass
class Service:
    """A running `trading-ai serve`."""

    home: Path
    pipeline_port: int
    optimizer_port: int
    key: str = ""

    @property
    def pipeline(self) -> str:
        return f"http://localhost:{self.pipeline_port}"

    @property
    def optimizer(self) -> str:
        return f"http://localhost:{self.optimizer_port}"

    @property
    def env(self) -> dict[str, str]:
        """What the scripts are told."""
        return clean_environment(OPTIMIZER_URL=self.optimizer, PIPELINE_URL=self.pipeline, POLL_SECONDS="0.2")

    def cli(self, *arguments: str) -> Any:
        done = run_command(*arguments, "--json", env=clean_environment(TRADING_AI_HOME=str(self.home)))
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def backtest(self, *arguments: str) -> str:
        return str(self.cli("backtest", "run", "--dataset", "latest", *arguments)["id"])

    def get(self, path: str, of: str = "") -> Any:
        return httpx.get((of or self.optimizer) + path, headers=self._headers, timeout=60).raise_for_status().json()

    def post(self, path: str, body: Any = None) -> Any:
        return httpx.post(self.optimizer + path, json=body, headers=self._headers, timeout=60).raise_for_status().json()

    @property
    def _headers(self) -> dict[str, str]:
        return {"X-API-Key": self.key} if self.key else {}

    def optimize(self, backtest_id: str, name: str, low: float, high: float, step: float) -> str:
        ranges = [{"name": name, "min_value": low, "max_value": high, "step": step}]
        return str(self.post("/api/v1/optimize", {"backtest_id": backtest_id, "parameters": ranges})["optimization_id"])

    def finished(self, optimization_id: str) -> str:
        """Wait until an optimization has ended; returns its id."""
        limit = time.monotonic() + 120
        while self.get(f"/api/v1/optimize/{optimization_id}/status")["status"] == "running":
            assert time.monotonic() < limit
            time.sleep(0.1)
        return optimization_id

    @contextlib.contextmanager
    def running(self, *arguments: str) -> Iterator[Service]:
        ports = ["--pipeline-port", str(self.pipeline_port), "--optimizer-port", str(self.optimizer_port)]
        with (self.home / "serve.log").open("wb") as log:
            process = start_command(
                "serve", "--services", "pipeline,optimizer", *ports, *arguments,
                env=clean_environment(TRADING_AI_HOME=str(self.home)), output=log,
            )  # fmt: skip
        try:
            limit = time.monotonic() + 60
            while not (self._answers(self.pipeline) and self._answers(self.optimizer)):
                assert process.poll() is None, (self.home / "serve.log").read_text()
                assert time.monotonic() < limit
                time.sleep(0.1)
            # Whoever else has taken the ports meanwhile would answer, too.
            assert [w["pid"] for w in self.get("/api/v1/workers/status")["workers"]] == [process.pid]
            yield self
        finally:
            process.terminate()
            process.wait(30)

    @staticmethod
    def _answers(url: str) -> bool:
        try:
            return httpx.get(f"{url}/health", timeout=5).is_success
        except httpx.HTTPError:
            return False


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    made = Service(tmp_path_factory.mktemp("home"), free_port(), free_port())
    made.cli("data", "import", "--sample", "EURUSD")
    with made.running():
        yield made


@pytest.fixture(scope="module")
def backtest_id(service):
    return service.backtest("--strategy", "sma_crossover")


@pytest.fixture(scope="module")
def optimization_id(service, backtest_id):
    return service.finished(service.optimize(backtest_id, "stop_loss", 20, 80, 2))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A service that wants API keys and has no data."""
    made = Service(tmp_path_factory.mktemp("guarded"), free_port(), free_port())
    made.key = made.cli("keys", "create", "tester", "--scope", "run")["key"]
    with made.running("--host", "0.0.0.0"):
        yield made


@contextlib.contextmanager
def stub(answers: dict[str, list[tuple[int, Any]]]) -> Iterator[str]:
    """A server with prepared answers, the last of each path again and again; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            prepared = answers.get(self.path.split("?")[0], [(404, {"detail": f"there is nothing at {self.path}"})])
            status, body = prepared.pop(0) if len(prepared) > 1 else prepared[0]
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Terminal:
    """A script with a terminal of its own."""

    def __init__(self, script: str, *arguments: str, env: dict[str, str]) -> None:
        self._mine, its = pty.openpty()
        self.text = ""
        self.process = subprocess.Popen(
            [f"./scripts/{script}", *arguments],
            cwd=ROOT, env=env | {"TERM": "xterm"}, stdin=its, stdout=its, stderr=its, start_new_session=True,
            # Whoever started the tests in the background may have had Ctrl-C ignored for all that follows.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - it takes no lock
        )  # fmt: skip
        os.close(its)

    def read(self, until: str = "") -> str:
        """Read until a text comes, or the end."""
        raw = b""
        while not (until and until in self.text):
            try:
                got = os.read(self._mine, 4096)
            except OSError:  # how Linux says that the other side is closed
                break
            if not got:
                break
            raw += got
            self.text = raw.decode(errors="replace").replace("\r\n", "\n")
        return self.text

    def write(self, text: str) -> None:
        os.write(self._mine, text.encode())

    def end(self) -> int:
        self.read()
        os.close(self._mine)
        return self.process.wait(60)


# --- every script -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", SCRIPTS)
def test_shellcheck_finds_nothing(script):
    program = Path(sys.executable).parent / "shellcheck"
    done = subprocess.run([program, ROOT / "scripts" / script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(script, option):
    out, err = run(script, option, env=clean_environment())
    assert out.startswith(f"Usage: scripts/{script}")
    assert "OPTIMIZER_URL" in out
    assert err == ""


@pytest.mark.parametrize(
    ("script", "arguments", "what"),
    [
        (RUN, ["latest", "stop_loss", "20", "80", "2"], "Nothing was started"),
        (STATUS, ["latest"], "The status is unknown"),
        (RESULTS, ["latest"], "There are no results"),
        (TEST, [], "Nothing was tested"),
    ],
)
@pytest.mark.parametrize("tool", ["jq", "curl"])
def test_a_missing_tool_is_named(script, arguments, what, tool, tmp_path):
    for name in ("bash", "jq", "curl"):
        if name != tool:
            (tmp_path / name).symlink_to(str(shutil.which(name)))
    _, err = run(script, *arguments, env=clean_environment(PATH=str(tmp_path)), code=1)
    assert err == error(
        what,
        f"{tool} is not installed",
        f"install it: sudo apt-get install {tool}, sudo dnf install {tool} or brew install {tool}",
    )


@pytest.mark.parametrize(
    ("script", "arguments", "what"),
    [
        (RUN, ["--yes", "latest", "stop_loss", "20", "80", "2"], "Nothing was started"),
        (STATUS, ["latest"], "The status is unknown"),
        (RESULTS, ["latest"], "There are no results"),
    ],
)
def test_nothing_listens(script, arguments, what):
    url = f"http://localhost:{free_port()}"
    _, err = run(script, *arguments, env=clean_environment(OPTIMIZER_URL=url), code=1)
    assert err == error(what, f"nothing answers at {url}", START)


@pytest.mark.parametrize(
    ("script", "arguments", "first"),
    [
        (RUN, [], SHAPE),
        (RUN, ["b", "stop_loss", "20", "80"], SHAPE),
        (RUN, ["b", "a", "1", "2", "1", "c", "1"], SHAPE),
        (RUN, ["--force", "b", "stop_loss", "20", "80", "2"], "unknown option: --force"),
        (RUN, ["b/..", "stop_loss", "20", "80", "2"], "BACKTEST_ID has letters, digits and dashes only: b/.."),
        (RUN, ["b", "stop loss", "20", "80", "2"], "PARAM must be a parameter's name, such as stop_loss: stop loss"),
        (RUN, ["b", "stop_loss", "20", "80", "two"], "stop_loss: must be a number, such as 20 or 0.5: two"),
        (RUN, ["b", "stop_loss", "20", "1e3", "2"], "stop_loss: must be a number, such as 20 or 0.5: 1e3"),
        (RUN, ["b", "stop_loss", "20", "80", "0"], "stop_loss: STEP must be above zero: 0"),
        (RUN, ["b", "stop_loss", "20", "80", "-2"], "stop_loss: STEP must be above zero: -2"),
        (RUN, ["b", "stop_loss", "80", "20", "2"], "stop_loss: MIN must not be above MAX: 80, 20"),
        (RUN, ["null", "stop_loss", "20", "80", "2"],
         "There is no backtest: BACKTEST_ID is empty. Make one first: trading-ai backtest run --help"),
        (RUN, ["", "stop_loss", "20", "80", "2"],
         "There is no backtest: BACKTEST_ID is empty. Make one first: trading-ai backtest run --help"),
        (STATUS, [], "It takes the ID of an optimization."),
        (STATUS, ["a", "b"], "It takes the ID of an optimization."),
        (STATUS, ["--all"], "unknown option: --all"),
        (STATUS, ["a?b"], "ID has letters, digits and dashes only: a?b"),
        (RESULTS, [], "It takes the ID of an optimization."),
        (RESULTS, ["a", "5", "6"], "It takes the ID of an optimization."),
        (RESULTS, ["a", "0"], "N is a number from 1 to 10000: 0"),
        (RESULTS, ["a", "--top"], "--top takes a number."),
        (RESULTS, ["a", "--top=10001"], "N is a number from 1 to 10000: 10001"),
        (RESULTS, ["a", "--json"], "unknown option: --json"),
        (TEST, ["now"], "It takes no arguments, and TIMEOUT is a number of seconds."),
    ],
)  # fmt: skip
def test_wrong_arguments(script, arguments, first):
    out, err = run(script, *arguments, env=clean_environment(OPTIMIZER_URL="http://localhost:9"), code=2)
    assert out == ""
    assert err.startswith(f"{first}\n\nUsage: scripts/{script}")


# --- run-optimization.sh ------------------------------------------------------------------------------------


def asked(backtest: str, parameters: str, total: str) -> str:
    return f"""⚡ Run Parameter Optimization
{LINE}

Backtest ID: {backtest}
{parameters}
Total combinations to test: {total}

"""


STOP_LOSS = "Parameter: stop_loss\nRange: 20 to 80 (step: 2)\n"


def started(url: str, optimization_id: str, n: int) -> str:
    return f"""Starting optimization...

Response:
{{
  "optimization_id": "{optimization_id}",
  "status": "running",
  "total_tasks": {n},
  "message": "Optimization started with {n} parameter combinations"
}}

✅ Optimization started!

Optimization ID: {optimization_id}

Monitor progress:
  OPTIMIZER_URL={url} ./scripts/check-optimization-status.sh {optimization_id}
"""


def test_an_optimization_is_started(service, backtest_id):
    out, err = run(RUN, backtest_id, "stop_loss", "20", "80", "2", env=service.env, text="yes\n")
    newest = service.get("/api/v1/optimize?limit=1")[0]
    question = "Continue? (yes/no): yes\n\n"
    assert out == asked(backtest_id, STOP_LOSS, "31") + question + started(
        service.optimizer, newest["optimization_id"], 31
    )
    assert err == ""
    assert newest["backtest_id"] == backtest_id
    assert newest["total_tasks"] == 31
    assert newest["optimization_type"] == "grid_search"
    service.finished(newest["optimization_id"])


def test_a_terminal_shows_the_question_and_the_answer_once(service, backtest_id):
    terminal = Terminal(RUN, backtest_id, "stop_loss", "20", "24", "2", env=service.env)
    terminal.read(until="Continue? (yes/no): ")
    terminal.write("y\n")
    assert terminal.end() == 0
    assert "Continue? (yes/no): " not in terminal.text.replace("Continue? (yes/no): y\n\nStarting", "")
    service.finished(service.get("/api/v1/optimize?limit=1")[0]["optimization_id"])


@pytest.mark.parametrize("at_the_end", [False, True])
def test_without_a_question_and_with_two_parameters(service, backtest_id, at_the_end):
    words = [backtest_id, "stop_loss", "20", "30", "5", "fast", "5", "8", "1"]
    out, _ = run(RUN, *([*words, "--yes"] if at_the_end else ["-y", *words]), env=service.env)
    newest = service.get("/api/v1/optimize?limit=1")[0]
    shown = "Parameter: stop_loss\nRange: 20 to 30 (step: 5)\nParameter: fast\nRange: 5 to 8 (step: 1)\n"
    assert out == asked(backtest_id, shown, "12 (3 \u00d7 4)") + started(
        service.optimizer, newest["optimization_id"], 12
    )
    assert newest["total_tasks"] == 12
    service.finished(newest["optimization_id"])


@pytest.mark.parametrize("answer", ["no", "n", "", "yess"])
def test_no_starts_nothing(service, backtest_id, answer):
    before = service.get("/api/v1/optimize")
    out, err = run(RUN, backtest_id, "stop_loss", "20", "80", "2", env=service.env, text=f"{answer}\n")
    question = f"Continue? (yes/no): {answer}\nNothing was started.\n"
    assert out == asked(backtest_id, STOP_LOSS, "31") + question
    assert err == ""
    assert len(service.get("/api/v1/optimize")) == len(before)


def test_no_answer_starts_nothing(service, backtest_id):
    out, err = run(RUN, backtest_id, "stop_loss", "20", "80", "2", env=service.env, text="", code=1)
    assert out == asked(backtest_id, STOP_LOSS, "31") + "Continue? (yes/no): \n"
    assert err == error("Nothing was started", "there was no answer", "answer yes, or start without a question: --yes")


@pytest.mark.parametrize(
    "ends",
    ["20 80 2", "10 100 1", "0.1 0.3 0.1", "0.1 0.7 0.1", "1 10 4", "5 5 1", "-1.5 1.5 0.25", "1.1 1.3 0.1",
     "0 2.9999999 1", "0.7 0.9 0.05", "0 1000000 0.1", "-3 -1 1", "007 9 1", "1 1.05 0.1"],
)  # fmt: skip
def test_combinations_are_counted_as_the_optimizer_counts_them(service, ends):
    low, high, step = ends.split()
    expected = len(ParameterRange("stop_loss", float(low), float(high), float(step)))
    out, _ = run(RUN, "latest", "stop_loss", low, high, step, env=service.env, text="no\n")
    assert f"\nRange: {low} to {high} (step: {step})\n\nTotal combinations to test: {expected}\n" in out


def test_an_unknown_backtest(service):
    words = [UNKNOWN, "stop_loss", "20", "80", "2"]
    out, err = run(RUN, "--yes", *words, env=service.env, code=1)
    body = {"backtest_id": UNKNOWN, "parameters": [{"name": "stop_loss", "values": [1]}]}
    answer = httpx.post(f"{service.optimizer}/api/v1/optimize", json=body, timeout=60)
    assert answer.status_code == 404
    assert out == asked(UNKNOWN, STOP_LOSS, "31") + "Starting optimization...\n\n"
    assert err == error(
        "Nothing was started",
        answer.json()["detail"],
        f"look which backtests there are: curl {service.pipeline}/api/v1/backtests",
    )


def test_an_unknown_parameter(service, backtest_id):
    _, err = run(RUN, "--yes", backtest_id, "stop_los", "20", "80", "2", env=service.env, code=1)
    body = {"backtest_id": backtest_id, "parameters": [{"name": "stop_los", "values": [20]}]}
    detail = httpx.post(f"{service.optimizer}/api/v1/optimize", json=body, timeout=60).json()["detail"]
    assert "stop_los" in detail
    assert err == error(
        "Nothing was started", detail, f"look which parameters there are: curl {service.pipeline}/api/v1/strategies"
    )


def test_a_value_that_is_out_of_bounds(service, backtest_id):
    _, err = run(RUN, "--yes", backtest_id, "fast", "-5", "10", "5", env=service.env, code=1)
    assert "  Why:  fast: must lie between 2 and 5000 bars (got -5)\n" in err


# --- check-optimization-status.sh ---------------------------------------------------------------------------


def heading(optimization_id: str) -> str:
    return f"{LINE}\n📊 Optimization Status\n{LINE}\n\nOptimization ID: {optimization_id}\n"


def completed(url: str, optimization_id: str) -> str:
    command = f"OPTIMIZER_URL={url} ./scripts/get-optimization-results.sh {optimization_id}"
    return f"\n✅ Optimization completed!\n\nGet results:\n  {command}\n"


def state(done: int, status: str = "running", failed: int = 0, message: str = "") -> dict[str, Any]:
    return {
        "optimization_id": UNKNOWN, "status": status, "progress_percent": 1000 * done // 31 / 10,
        "completed_tasks": done, "total_tasks": 31, "failed_tasks": failed, "message": message,
    }  # fmt: skip


STATUS_PATH = f"/api/v1/optimize/{UNKNOWN}/status"


def test_a_completed_one_is_said_in_a_line(service, optimization_id):
    out, err = run(STATUS, optimization_id, env=service.env)
    line = f"Status: completed  Progress: 100.0%  Completed: 31 / 31 tasks  [{'=' * 50}]\n"
    assert out == heading(optimization_id) + line + completed(service.optimizer, optimization_id)
    assert err == ""


def test_a_running_one_is_watched_to_its_end(service, tmp_path):
    slow = service.backtest("--strategy", write_strategy(tmp_path, seconds=0.05))
    made = service.optimize(slow, "period", 60, 119, 1)
    out, _ = run(STATUS, made[:12], env=service.env)  # a beginning of the id will do
    lines = [line for line in out.splitlines() if line.startswith("Status: ")]
    assert lines[-1] == f"Status: completed  Progress: 100.0%  Completed: 60 / 60 tasks  [{'=' * 50}]"
    assert all(re.fullmatch(r"Status: running  Progress: [\d.]+%  Completed: \d+ / 60 tasks  \[=* *\]", line)
               for line in lines[:-1])  # fmt: skip
    assert len(lines) == len(set(lines))
    assert out == heading(made) + "".join(f"{line}\n" for line in lines) + completed(service.optimizer, made)


def test_a_cancelled_one_is_an_error(service, backtest_id):
    ranges = [{"name": n, "min_value": 1, "max_value": 1000, "step": 1} for n in ("stop_loss", "take_profit")]
    made = service.post("/api/v1/optimize", {"backtest_id": backtest_id, "parameters": ranges})["optimization_id"]
    service.post(f"/api/v1/optimize/{made}/cancel")
    out, err = run(STATUS, made, env=service.env, code=1)
    assert out.startswith(heading(made) + "Status: cancelled  Progress: ")
    assert err.startswith("\n✗ Optimization cancelled")


def test_a_failed_one_says_why():
    with stub({STATUS_PATH: [(200, state(21)), (200, state(21, "failed", 21, "no trial\tcould be evaluated"))]}) as url:
        out, err = run(STATUS, UNKNOWN, env=clean_environment(OPTIMIZER_URL=url, POLL_SECONDS="0"), code=1)
    part = f"[{'=' * 33}{' ' * 17}]"
    assert out == (
        heading(UNKNOWN) + f"Status: running  Progress: 67.7%  Completed: 21 / 31 tasks  {part}\n"
        f"Status: failed  Progress: 67.7%  Completed: 21 / 31 tasks  Failed: 21  {part}\n"
    )
    assert err == "\n✗ Optimization failed: no trial\\tcould be evaluated\n"


def test_a_paused_one_is_not_waited_for_and_says_why():
    with stub({STATUS_PATH: [(200, state(21)), (200, state(21, "paused", 0, "the disk is full"))]}) as url:
        environment = clean_environment(OPTIMIZER_URL=url, POLL_SECONDS="0")
        out, err = run(STATUS, UNKNOWN, env=environment, code=3)
    part = f"[{'=' * 33}{' ' * 17}]"
    assert out == (
        heading(UNKNOWN) + f"Status: running  Progress: 67.7%  Completed: 21 / 31 tasks  {part}\n"
        f"Status: paused  Progress: 67.7%  Completed: 21 / 31 tasks  {part}\n"
    )
    resume = f"curl -X POST {url}/api/v1/optimize/{UNKNOWN}/resume"
    assert err == f"\nOptimization paused: the disk is full\n\nGo on with it:\n  {resume}\n"


def test_a_running_one_that_waits_says_why():
    waits = "waits: no worker that is online can evaluate it"
    with stub({STATUS_PATH: [(200, state(0, message=waits)), (200, state(31, "completed"))]}) as url:
        out, _ = run(STATUS, UNKNOWN, env=clean_environment(OPTIMIZER_URL=url, POLL_SECONDS="0"))
    assert f"Completed: 0 / 31 tasks  Message: {waits}  [{' ' * 50}]\n" in out


def test_a_terminal_is_redrawn_in_place():
    with stub({STATUS_PATH: [(200, state(0)), (200, state(21)), (200, state(31, "completed", 2))]}) as url:
        terminal = Terminal(STATUS, UNKNOWN, env=clean_environment(OPTIMIZER_URL=url, POLL_SECONDS="0"))
        assert terminal.end() == 0

    def drawing(status, percent, done, marks, failed="", more="\nRefreshing in 0 seconds... (Ctrl+C to stop)\n"):
        head = f"\nStatus: {status}\nProgress: {percent}%\nCompleted: {done} / 31 tasks\n{failed}"
        return f"{head}\n[{'=' * marks}{' ' * (50 - marks)}] {percent}%\n{more}"

    assert terminal.text == (
        heading(UNKNOWN)
        + "\033[?7l\033[?25l"
        + drawing("running", "0.0", 0, 0)
        + "\033[8A\033[J"
        + drawing("running", "67.7", 21, 33)
        + "\033[8A\033[J"
        + drawing("completed", "100.0", 31, 50, "Failed: 2\n", "")
        + completed(url, UNKNOWN)
        + "\033[?7h\033[?25h"
    )


def test_ctrl_c_ends_it_cleanly():
    with stub({STATUS_PATH: [(200, state(21))]}) as url:
        terminal = Terminal(STATUS, UNKNOWN, env=clean_environment(OPTIMIZER_URL=url))
        terminal.read(until="Refreshing in 5 seconds... (Ctrl+C to stop)\n")
        os.killpg(terminal.process.pid, signal.SIGINT)  # what a terminal makes of Ctrl-C
        assert terminal.end() == 130
    assert terminal.text.endswith("\nStopped watching; the optimization goes on.\n\033[?7h\033[?25h")


def test_a_server_that_is_away_for_a_moment_is_waited_for():
    away = (503, {"detail": "the database is away"})
    with stub({STATUS_PATH: [(200, state(21)), away, away, (200, state(31, "completed"))]}) as url:
        out, err = run(STATUS, UNKNOWN, env=clean_environment(OPTIMIZER_URL=url, POLL_SECONDS="0"))
    assert out.count("Trying again: the database is away\n") == 1
    assert out.endswith(completed(url, UNKNOWN))
    assert err == ""


def test_a_server_that_stays_away_is_an_error():
    with stub({STATUS_PATH: [(200, state(21)), (502, "<html>bad gateway</html>")]}) as url:
        _, err = run(STATUS, UNKNOWN, env=clean_environment(OPTIMIZER_URL=url, POLL_SECONDS="0"), code=1)
    assert err == error(
        "The status is unknown",
        f"{url} answered with HTTP status 502",
        f"look which there are: curl {url}/api/v1/optimize",
    )


@pytest.mark.parametrize(("script", "what"), [(STATUS, "The status is unknown"), (RESULTS, "There are no results")])
def test_an_unknown_optimization(service, script, what):
    _, err = run(script, UNKNOWN, env=service.env, code=1)
    detail = httpx.get(f"{service.optimizer}{STATUS_PATH}", timeout=60).json()["detail"]
    assert UNKNOWN in detail
    assert err == error(what, detail, f"look which there are: curl {service.optimizer}/api/v1/optimize")


@pytest.mark.parametrize(("script", "what"), [(STATUS, "The status is unknown"), (RESULTS, "There are no results")])
def test_something_else_that_answers(script, what):
    paths = [STATUS_PATH, f"/api/v1/optimize/{UNKNOWN}"]
    with stub({path: [(200, "<html>hello</html>")] for path in paths}) as url:
        _, err = run(script, UNKNOWN, env=clean_environment(OPTIMIZER_URL=url), code=1)
    assert err == error(what, f"what answers at {url} is not the optimizer", f"curl {url}/docs")


# --- get-optimization-results.sh ----------------------------------------------------------------------------


def shown(asked_for: str, body: dict[str, Any], n: int, currency: str = "USD", note: str = "") -> str:
    """What the script prints, from the API's answer."""

    def amount(value: float | None) -> str:
        if value is None:
            return "n/a"
        if currency == "USD":
            return f"{'-' if value < 0 else ''}${abs(value):.2f}"
        return f"{value:.2f} {currency}".strip()

    text = f"🏆 Get Optimization Results\n{LINE}\n\nFetching results for: {asked_for}\n\n"
    text += f"{LINE}\nTop Results Summary\n{LINE}\n\n{note}"
    for row in body["results"][:n]:
        rate, sharpe = row["win_rate"], row["sharpe_ratio"]
        text += f"Rank {row['rank']}: {', '.join(f'{k}={v}' for k, v in row['parameters'].items())}\n"
        text += f"  → Profit: {amount(row['net_profit'])} | Win Rate: {'n/a' if rate is None else f'{rate:.1f}%'}"
        text += f" | Sharpe: {'n/a' if sharpe is None else f'{sharpe:.2f}'}"
        text += f" | Error: {row['error']}\n\n" if row["error"] else "\n\n"
    text += f"By {body['objective']}; {body['note']}.\nCosts: {body['costs_stated']}.\n"
    text += "".join(f"Warning: {line}\n" for line in body["warnings"]) + "\n"
    return text + f"Best Parameters:\n{json.dumps(body['best_parameters'], indent=2)}\n"


@pytest.mark.parametrize(
    ("more", "n"), [([], 10), (["3"], 3), (["--top", "31"], 31), (["--top=100"], 31)], ids=["10", "3", "31", "all"]
)
def test_the_best_trials(service, optimization_id, more, n):
    out, err = run(RESULTS, optimization_id, *more, env=service.env)
    body = service.get(f"/api/v1/optimize/{optimization_id}/results")
    assert 5 < body["results"][0]["win_rate"] < 95  # percent, not a fraction
    assert out == shown(optimization_id, body, n)
    assert out.count("Rank ") == n
    assert err == ""


def test_the_shape_of_a_rank(service, optimization_id):
    out, _ = run(RESULTS, optimization_id, "1", env=service.env)
    found = re.search(
        r"\nRank 1: stop_loss=(\d+)\n  → Profit: -?\$\d+\.\d\d \| Win Rate: \d+\.\d% \| Sharpe: -?\d+\.\d\d\n", out
    )
    assert found
    assert out.endswith(f'Best Parameters:\n{{\n  "stop_loss": {found[1]}\n}}\n')


def test_trials_that_went_wrong_have_no_numbers(service, tmp_path):
    picky = service.backtest("--strategy", write_strategy(tmp_path))
    made = service.finished(service.optimize(picky, "period", RAISES - 1, RAISES + 1, 1))
    out, _ = run(RESULTS, made, env=service.env)
    body = service.get(f"/api/v1/optimize/{made}/results")
    assert out == shown(made, body, 3)
    assert f"\nRank 3: period={RAISES}\n  → Profit: n/a | Win Rate: n/a | Sharpe: n/a | Error: " in out


def test_another_currency_and_two_parameters(service):
    pounds = service.backtest(
        "--strategy", "sma_crossover", "--currency", "GBP", "--conversion-rate", "0.8", "--set", "stop_loss=30"
    )
    ranges = [{"name": "fast", "values": [5, 10]}, {"name": "stop_loss", "values": [17.5, 20]}]
    made = service.post("/api/v1/optimize", {"backtest_id": pounds, "parameters": ranges})["optimization_id"]
    service.finished(made)
    body = service.get(f"/api/v1/optimize/{made}/results")
    out, _ = run(RESULTS, made, env=service.env)
    assert " GBP | Win Rate: " in out
    assert re.search(r"^Rank \d: fast=5, stop_loss=17.5$", out, re.MULTILINE)
    # jq of other versions writes 20.0 as 20: both are the number.
    assert out.replace("=20.0", "=20").replace(" 20.0\n", " 20\n") == shown(made, body, 4, "GBP").replace(
        "=20.0", "=20"
    ).replace(" 20.0\n", " 20\n")
    nowhere = service.env | {"PIPELINE_URL": f"http://localhost:{free_port()}"}
    out, err = run(RESULTS, made, env=nowhere)
    assert f"  → Profit: {body['results'][0]['net_profit']:.2f} | Win Rate: " in out
    assert err == ""


ROW = {"parameters": {"exit_at_middle": True, "name": "a b"}, "error": None, "feasible": True}


def test_odd_numbers_and_a_run_that_is_under_way():
    rows = [
        ROW | {"rank": 1, "net_profit": 847392, "win_rate": 74.06, "sharpe_ratio": 2.345678},
        ROW | {"rank": 2, "net_profit": -0.001, "win_rate": 0, "sharpe_ratio": -0.5},
        ROW | {"rank": 3, "net_profit": -12.3, "win_rate": 100, "sharpe_ratio": None, "feasible": False},
        ROW | {"rank": 4, "net_profit": 1234567890.129, "win_rate": 9.96, "sharpe_ratio": 1e-9},
    ]
    record = state(4) | {"backtest_id": UNKNOWN}
    body = {"results": rows, "objective": "sharpe_ratio", "note": "luck", "best_parameters": None}
    path = f"/api/v1/optimize/{UNKNOWN}"
    answers = {
        path: [(200, record)],
        f"{path}/results": [(200, body)],
        f"/api/v1/backtests/{UNKNOWN}": [(200, {"account_currency": "USD"})],
    }
    with stub(answers) as url:
        out, _ = run(RESULTS, UNKNOWN, env=clean_environment(OPTIMIZER_URL=url, PIPELINE_URL=url))
    assert (
        out.partition("Top Results Summary\n")[2]
        == f"""{LINE}

The optimization is running: 4 / 31 tasks

Rank 1: exit_at_middle=true, name=a b
  → Profit: $847392.00 | Win Rate: 74.1% | Sharpe: 2.35

Rank 2: exit_at_middle=true, name=a b
  → Profit: $0.00 | Win Rate: 0.0% | Sharpe: -0.50

Rank 3: exit_at_middle=true, name=a b
  → Profit: -$12.30 | Win Rate: 100.0% | Sharpe: n/a | breaks a constraint

Rank 4: exit_at_middle=true, name=a b
  → Profit: $1234567890.13 | Win Rate: 10.0% | Sharpe: 0.00

By sharpe_ratio; luck.

Best Parameters:
null
"""
    )


def test_no_trial_yet():
    path = f"/api/v1/optimize/{UNKNOWN}"
    answers = {path: [(200, state(0) | {"backtest_id": UNKNOWN})], f"{path}/results": [(200, {"results": []})]}
    with stub(answers) as url:
        _, err = run(RESULTS, UNKNOWN, env=clean_environment(OPTIMIZER_URL=url, PIPELINE_URL=url), code=1)
    assert err == error(
        "There are no results",
        "the optimization is running, and no trial is finished",
        f"./scripts/check-optimization-status.sh {UNKNOWN}",
    )


# --- test-optimizer.sh --------------------------------------------------------------------------------------


def checks(service: Service, *middle: str) -> str:
    lines = [
        f"✓ Optimizer API: {service.optimizer}, version {__version__}",
        f"✓ Pipeline API: {service.pipeline}, version {__version__}",
        "✓ Ready: database, workers",
        f"✓ Optimizer documentation: {service.optimizer}/docs",
        f"✓ Pipeline documentation: {service.pipeline}/docs",
        "✓ Workers online: 1",
        *middle,
        "✓ Start of an optimization: 5 combinations",
        "✓ Optimization: 5 / 5 tasks",
    ]
    return f"🧪 Testing Optimizer Service\n{LINE}\n\n" + "\n".join(lines) + "\n"


def last_lines(n: int, best: object) -> str:
    return (
        f"✓ Results: ranked, best stop_loss={best}\n✓ Deletion of what the test has made\n\n✅ All {n} checks passed\n"
    )


def test_a_deployment_with_a_backtest_passes(service):
    newest = service.backtest("--strategy", "sma_crossover", "--set", "slow=40")
    before = service.get("/api/v1/optimize")
    out, err = run(TEST, env=service.env)
    best = re.search(r"best stop_loss=(\d+)\n", out)
    assert best
    assert out == checks(service, f"✓ Backtest: the newest, {newest}") + last_lines(11, best[1])
    assert err == ""
    left = service.get("/api/v1/optimize")
    assert [o["optimization_id"] for o in left] == [o["optimization_id"] for o in before]


def test_an_empty_deployment_with_keys_passes_and_the_key_is_no_argument(guarded, tmp_path):
    log = tmp_path / "arguments"
    spy = tmp_path / "curl"
    spy.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>"{log}"\nexec "{shutil.which("curl")}" "$@"\n')
    spy.chmod(0o755)
    env = guarded.env | {"TRADING_AI_API_KEY": guarded.key, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    out, err = run(TEST, env=env)
    best = re.search(r"best stop_loss=(\d+)\n", out)
    trades = re.search(r"✓ Backtest: (\d+) trades of sma_crossover\n", out)
    assert best
    assert trades
    assert int(trades[1]) > 10
    middle = ["✓ Upload of bars: 552", trades[0].strip()]
    assert out == checks(guarded, *middle) + last_lines(12, best[1])
    assert err == ""
    for path in ("datasets", "backtests"):
        assert guarded.get(f"/api/v1/{path}", guarded.pipeline) == []
    assert guarded.get("/api/v1/optimize") == []

    for script, *arguments in ([RUN, "--yes", "latest", "a", "1", "2", "1"], [STATUS, "latest"], [RESULTS, "latest"]):
        _, err = run(script, *arguments, env=env, code=1)
        assert "API key" not in err  # it was taken; there is just nothing to show
    arguments = log.read_text()
    assert "/api/v1/optimize/latest/status" in arguments
    assert guarded.key not in arguments


def test_without_a_key(guarded):
    why = "an API key is needed: X-API-Key"
    words = ["--yes", "latest", "a", "1", "2", "1"]
    for script, arguments, what, scope in (
        (RUN, words, "Nothing was started", "run"),
        (STATUS, ["latest"], "The status is unknown", "read"),
        (RESULTS, ["latest"], "There are no results", "read"),
    ):
        _, err = run(script, *arguments, env=guarded.env, code=1)
        remedy = f"set TRADING_AI_API_KEY to a key of scope {scope}: trading-ai keys create NAME --scope {scope}"
        assert err == error(what, why, remedy)
    out, _ = run(TEST, env=guarded.env, code=1)
    assert out.endswith(f"✗ Workers: {why}\n\n✗ 1 of 6 checks failed\n")


def test_a_key_that_may_not_start_anything(guarded):
    key = guarded.cli("keys", "create", "reader", "--scope", "read")["key"]
    out, _ = run(TEST, env=guarded.env | {"TRADING_AI_API_KEY": key}, code=1)
    assert out.endswith(
        "✗ Upload of bars: the API key has scope read; this needs run\n\n✗ 1 of 7 checks failed\n"
    )  # fmt: skip


def test_nothing_listens_where_a_deployment_should_be():
    optimizer, pipeline = (f"http://localhost:{free_port()}" for _ in range(2))
    out, err = run(TEST, env=clean_environment(OPTIMIZER_URL=optimizer, PIPELINE_URL=pipeline), code=1)
    assert out == (
        f"🧪 Testing Optimizer Service\n{LINE}\n\n"
        f"✗ Optimizer API: nothing answers at {optimizer}\n✗ Pipeline API: nothing answers at {pipeline}\n"
        "  Start them: trading-ai serve, or scripts/deploy-optimizer.sh; or say where they are: "
        "OPTIMIZER_URL, PIPELINE_URL\n\n✗ 2 of 2 checks failed\n"
    )
    assert err == ""


def test_a_deployment_without_workers_fails():
    parts = {"database": "ok", "broker": "cannot be reached", "workers": "no worker is online"}
    answers = {
        "/health": [(200, {"status": "ok", "version": "9"})],
        "/ready": [(503, {"status": "not ready", "missing": ["broker", "workers"], "checks": parts})],
        "/docs": [(200, "<!DOCTYPE html><html></html>")],
        "/api/v1/workers/status": [(200, {"workers_online": 0})],
    }
    with stub(answers) as url:
        out, _ = run(TEST, env=clean_environment(OPTIMIZER_URL=url, PIPELINE_URL=url), code=1)
    assert out == (
        f"🧪 Testing Optimizer Service\n{LINE}\n\n"
        f"✓ Optimizer API: {url}, version 9\n✓ Pipeline API: {url}, version 9\n"
        "✗ Ready: broker: cannot be reached; workers: no worker is online\n"
        f"✓ Optimizer documentation: {url}/docs\n✓ Pipeline documentation: {url}/docs\n"
        "✗ Workers: none is online\n\n✗ 2 of 6 checks failed\n"
    )


def test_trials_that_fail_are_a_failed_check_and_nothing_is_left(service, tmp_path):
    name = write_strategy(tmp_path)
    service.backtest("--strategy", name)
    Path(name.rpartition(":")[0]).unlink()  # as on a server that does not have the file of the strategy
    before = service.get("/api/v1/optimize")
    out, _ = run(TEST, env=service.env, code=1)
    assert re.search(r"\n✗ [^\n]+: [^\n]+\n", out)
    assert re.search(r"\n✗ \d of \d+ checks failed\n$", out)
    assert len(service.get("/api/v1/optimize")) == len(before)
