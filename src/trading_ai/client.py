"""A small client of the optimizer API.

    client = Client("http://localhost:30802")
    run = client.optimize(backtest_id, {"stop_loss": (20, 80, 2), "take_profit": (40, 200, 10)})
    best = run.wait(progress=print).results(top=10)[0]

Requests that change nothing, and starts, which carry a key that tells repetitions, are repeated when the
connection breaks or the server says that it will be back.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

import httpx
from typing_extensions import override

from trading_ai.errors import TradingAIError

if TYPE_CHECKING:  # what answers hold is known to type checkers; the client itself needs none of it
    from trading_ai.documents.optimizations import Optimization, Results, Started, Status, Trial
    from trading_ai.documents.workers import Workers

Value: TypeAlias = bool | int | float | str
Values: TypeAlias = tuple[float, float, float] | Sequence[Value]
"""A parameter's values: the tuple (minimum, maximum, step), ends included, or a list of values."""

_BACK_SOON = frozenset({502, 503, 504})
_ENDED = frozenset({"completed", "cancelled", "failed", "paused"})
_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)


class ClientError(TradingAIError):
    """The server could not be reached, or what it answered was no answer of this API."""


class ApiError(ClientError):
    """The server refused a request.

    Attributes:
        status: the HTTP status.
        title: what kind of refusal it is.
        detail: what was wrong: the field, the value, the rule.
        errors: each wrong field by itself, with `field`, `rule` and, where they are known, `value` and `remedy`.
    """

    def __init__(self, status: int, title: str, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        self.status, self.title, self.detail, self.errors = status, title, detail, tuple(errors)
        super().__init__(f"{detail} (HTTP {status})")


class RunError(ClientError):
    """An optimization ended before it was complete.

    Attributes:
        status: its last status.
    """

    def __init__(self, status: Status) -> None:
        self.status = status
        why = f": {status['message']}" if status.get("message") else ""
        super().__init__(f"optimization {status.get('optimization_id')} is {status.get('status')}{why}")


class Client:
    """Asks the optimizer API.

    Args:
        url: where the API is, such as ``http://localhost:30802``.
        api_key: API key, where one is needed.
        timeout: seconds that one answer may take.
        transport: what carries requests; None for the network.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Accept": "application/json"} | ({"X-API-Key": api_key} if api_key else {})
        self._http = httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=timeout, transport=transport)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def optimize(
        self,
        backtest_id: str,
        parameters: Mapping[str, Values],
        method: str = "grid_search",
        *,
        max_iterations: int | None = None,
        objective: str = "sharpe_ratio",
        constraints: Iterable[str] = (),
        seed: int = 0,
        name: str = "",
        **more: Any,
    ) -> Run:
        """Start an optimization; it starts once, however often the connection breaks meanwhile.

        Args:
            backtest_id: the backtest whose other parameters stay as they are.
            parameters: values of each parameter: (minimum, maximum, step) as a tuple, or a list of values.
            method: search method, such as grid_search, random_search or bayesian.
            max_iterations: number of combinations to try; random_search needs it.
            objective: metric to rank by.
            constraints: conditions on results, such as ``total_trades >= 30``.
            seed: seed of methods that draw.
            name: what to call it.
            more: further fields of the request, as the API's own documentation lists them.

        Raises:
            ApiError: there is no such backtest (404), a parameter, range or field is wrong (422), or the API key
                is missing (401) or may not start anything (403).
            ClientError: the server cannot be reached.
        """
        body: dict[str, object] = {
            "backtest_id": backtest_id,
            "parameters": [_range(parameter, values) for parameter, values in parameters.items()],
            "optimization_type": method,
            "objective": objective,
            "constraints": list(constraints),
            "seed": seed,
            "name": name,
            **more,
        }
        if max_iterations is not None:
            body["max_iterations"] = max_iterations
        key = {"Idempotency-Key": uuid.uuid4().hex}
        started: Started = self._ask("POST", "/api/v1/optimize", json=body, headers=key)
        return Run(self, started["optimization_id"], started["total_tasks"])

    def run(self, optimization_id: str) -> Run:
        """An optimization that was started before.

        Raises:
            ApiError: there is none (404).
            ClientError: the server cannot be reached.
        """
        status: Status = self._ask("GET", f"/api/v1/optimize/{quote(optimization_id, safe='')}/status")
        return Run(self, status["optimization_id"], status["total_tasks"])

    def runs(self, limit: int = 100) -> list[Optimization]:
        """What is known of optimizations, newest first.

        Raises:
            ApiError: the API key is missing (401).
            ClientError: the server cannot be reached.
        """
        found: list[Optimization] = self._ask("GET", "/api/v1/optimize", params={"limit": limit})
        return found

    def workers(self) -> Workers:
        """Workers that are online, what they do, and how much waits for them.

        Raises:
            ApiError: the API key is missing (401).
            ClientError: the server cannot be reached.
        """
        found: Workers = self._ask("GET", "/api/v1/workers/status")
        return found

    def _ask(self, method: str, path: str, *, repeat: bool = True, **request: Any) -> Any:
        """The answer to a request, as JSON; repeated while the server is away, unless told otherwise."""
        for pause in (*(_PAUSES if repeat else ()), None):
            try:
                answer = self._http.request(method, path, **request)
            except httpx.TransportError as error:
                if pause is None:
                    raise ClientError(f"{self._http.base_url} cannot be reached: {error}") from error
            except httpx.InvalidURL as error:
                raise ClientError(f"{self._http.base_url}{path} is no address: {error}") from error
            else:
                if pause is None or answer.status_code not in _BACK_SOON:
                    return _content(answer)
            time.sleep(pause)
        raise AssertionError


class Run:
    """An optimization on a server.

    Attributes:
        optimization_id: its id.
        total_tasks: combinations that it tries.
    """

    def __init__(self, client: Client, optimization_id: str, total_tasks: int) -> None:
        self._client, self.optimization_id, self.total_tasks = client, optimization_id, total_tasks

    @override
    def __repr__(self) -> str:
        return f"Run({self.optimization_id!r}, total_tasks={self.total_tasks})"

    def status(self) -> Status:
        """How far it is: status, progress_percent, completed_tasks, best, eta_seconds and more.

        Raises:
            ApiError: it was deleted (404).
            ClientError: the server cannot be reached.
        """
        found: Status = self._get("/status")
        return found

    def wait(
        self,
        progress: Callable[[Status], object] | None = None,
        *,
        every: float = 0.5,
        timeout: float | None = None,
    ) -> Run:
        """Wait until it is complete; returns itself.

        Args:
            progress: told each status.
            every: seconds between two looks.
            timeout: seconds to wait at most; None for any time.

        Raises:
            RunError: it failed, or somebody paused or cancelled it.
            TimeoutError: it was still running; it goes on.
            ApiError: it was deleted (404).
            ClientError: the server cannot be reached.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            status = self.status()
            if progress is not None:
                progress(status)
            if status["status"] == "completed":
                return self
            if status["status"] in _ENDED:
                raise RunError(status)
            if deadline is not None and time.monotonic() + every > deadline:
                raise TimeoutError(f"optimization {self.optimization_id} still runs after {timeout} s")
            time.sleep(every)

    def results(self, top: int = 100, *, offset: int = 0, sort: str | None = None) -> list[Trial]:
        """Trials, best first: rank, parameters and every metric; undefined metrics are None.

        Args:
            top: how many.
            offset: how many to leave out before them.
            sort: a metric to sort by instead, ascending; with a minus sign before it, descending.

        Raises:
            ApiError: there is no such metric (422), or it was deleted (404).
            ClientError: the server cannot be reached.
        """
        asked: dict[str, object] = {"limit": top, "offset": offset} | ({} if sort is None else {"sort": sort})
        found: Results = self._get("/results", params=asked)
        return found["results"]

    def trials(self, *, sort: str | None = None, at_once: int = 1000) -> Iterator[Trial]:
        """All trials, best first, page after page; what is added meanwhile moves none of them.

        Args:
            sort: as in `results`.
            at_once: trials that are asked for at a time.

        Raises:
            ApiError: there is no such metric (422), or it was deleted (404).
            ClientError: the server cannot be reached.
        """
        asked: dict[str, object] = {"limit": at_once} | ({} if sort is None else {"sort": sort})
        while True:
            found: Results = self._get("/results", params=asked)
            yield from found["results"]
            if found["next"] is None:
                return
            asked["cursor"] = found["next"]

    @property
    def best_parameters(self) -> dict[str, Value] | None:
        """Parameters of the best trial so far that holds the constraints, if there is one.

        Raises:
            ApiError: it was deleted (404).
            ClientError: the server cannot be reached.
        """
        found: Results = self._get("/results", params={"limit": 1})
        return found["best_parameters"]

    @property
    def costs_stated(self) -> str:
        """The costs that were charged, in words; begins with "without costs" where there were none.

        Raises:
            ApiError: it was deleted (404).
            ClientError: the server cannot be reached.
        """
        found: Results = self._get("/results", params={"limit": 1})
        return found["costs_stated"]

    @property
    def warnings(self) -> list[str]:
        """What speaks against the best trial, or why no trial ranks.

        Raises:
            ApiError: it was deleted (404).
            ClientError: the server cannot be reached.
        """
        found: Results = self._get("/results", params={"limit": 1})
        return found["warnings"]

    def pause(self) -> None:
        """Pause it; `resume` goes on.

        Raises:
            ApiError: it does not run (409).
            ClientError: the server cannot be reached.
        """
        self._change("/pause")

    def resume(self) -> None:
        """Go on with it.

        Raises:
            ApiError: it is complete or cancelled (409).
            ClientError: the server cannot be reached.
        """
        self._change("/resume")

    def cancel(self) -> None:
        """Cancel it for good; its finished trials are kept.

        Raises:
            ApiError: it has ended (409).
            ClientError: the server cannot be reached.
        """
        self._change("/cancel")

    def delete(self) -> None:
        """Delete it with its trials.

        Raises:
            ApiError: it runs (409), or is gone already (404).
            ClientError: the server cannot be reached.
        """
        self._client._ask("DELETE", f"/api/v1/optimize/{self.optimization_id}", repeat=False)

    def _get(self, path: str, **request: Any) -> Any:
        return self._client._ask("GET", f"/api/v1/optimize/{self.optimization_id}{path}", **request)

    def _change(self, path: str) -> None:
        # Not repeated: the second time it would be refused for the state that the first one left.
        self._client._ask("POST", f"/api/v1/optimize/{self.optimization_id}{path}", repeat=False)


def _range(name: str, values: Values) -> dict[str, object]:
    if isinstance(values, tuple) and len(values) == 3:
        low, high, step = values
        return {"name": name, "min_value": low, "max_value": high, "step": step}
    return {"name": name, "values": list(values)}


def _content(answer: httpx.Response) -> Any:
    try:
        content = answer.json()
    except ValueError as error:
        if answer.is_success:
            raise ClientError(f"{answer.url} answered something else than JSON: is it the optimizer API?") from error
        content = {}
    if answer.is_success:
        return content
    problem = content if isinstance(content, dict) else {}
    title = str(problem.get("title", answer.reason_phrase))
    raise ApiError(answer.status_code, title, str(problem.get("detail", title)), problem.get("errors", ()))
