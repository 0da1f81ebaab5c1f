"""A server without keys answers programs of this machine, and no page of the web; bodies come in time or not at all."""

from __future__ import annotations

import errno
import io
import json
import select
import socket
import tempfile
import time

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.integration.api.laptop import Laptop, assert_problem
from tests.integration.api.served import service
from tests.integration.api.test_pipeline import ASKED, as_csv
from trading_ai.api.app import make_app
from trading_ai.api.context import Context
from trading_ai.cli.services import _keys_required
from trading_ai.errors import InputError

EVIL = "https://evil.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:30802", "LOCALHOST", "127.0.0.1:30802", "127.8.9.1", "[::1]:30802", "api.localhost:1"],
)
def test_names_of_this_machine_are_answered(laptop, host):
    assert laptop.optimizer.get("/api/v1/optimize", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:30802", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.5:30802",
        "10.0.0.1", "[2001:db8::1]:80", "", "localhost@evil.example", "optimizer", "0x7f.1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/v1/optimize", "/health", "/docs", "/openapi.json", "/metrics"])
def test_other_names_are_refused(laptop, host, path):
    answer = laptop.optimizer.get(path, headers={"Host": host})
    assert_problem(answer, 403, says="TRADING_AI_ALLOWED_HOSTS")


def test_further_names_are_set(tmp_path):
    laptop = Laptop(tmp_path, allowed_hosts="trading.example, box.lan:30802")
    for host, status in {
        "trading.example": 200,
        "TRADING.example:443": 200,
        "box.lan": 200,
        "evil.example": 403,
    }.items():
        assert laptop.optimizer.get("/api/v1/optimize", headers={"Host": host}).status_code == status
    keyed = laptop.clients(keys_required=True)[1]
    for host, status in {"trading.example": 401, "10.1.2.3:30802": 401, "localhost": 401, "evil.example": 403}.items():
        assert keyed.get("/api/v1/optimize", headers={"Host": host}).status_code == status


def test_with_keys_every_name_is_answered(laptop):
    keyed = laptop.clients(keys_required=True)[1]
    assert keyed.get("/health", headers={"Host": "anything.example"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [("10.1.2.3:30802", 200), ("optimizer-api:30802", 200), ("optimizer-api.trading-system.svc", 200),
     ("box.local", 200), ("evil.example:30802", 403)],
)  # fmt: skip
def test_a_server_that_is_open_on_purpose_knows_addresses_and_local_names(laptop, host, status):
    app = make_app("optimizer", Context(laptop.application), keys_required=False, this_machine=False)
    client = TestClient(app, base_url="http://localhost")
    forwarded = {"X-Forwarded-For": "10.0.0.7"}
    assert client.get("/api/v1/optimize", headers={"Host": host} | forwarded).status_code == status
    refused = client.post("/api/v1/optimize/x/cancel", headers={"Host": host, "Origin": EVIL})
    assert refused.status_code == 403


TAKE_JSON = [
    ("optimizer", "POST", "/api/v1/optimize"),
    ("optimizer", "POST", "/api/v1/optimize/x/cancel"),
    ("optimizer", "POST", "/api/v1/optimize/x/pause"),
    ("optimizer", "POST", "/api/v1/walk-forward"),
    ("pipeline", "POST", "/api/v1/backtests"),
]
CHANGES = [
    *TAKE_JSON,
    ("optimizer", "DELETE", "/api/v1/optimize/x"),
    ("pipeline", "POST", "/api/v1/datasets"),
    ("pipeline", "POST", "/api/v1/datasets/x/append"),
    ("pipeline", "DELETE", "/api/v1/datasets/x"),
]


@pytest.mark.parametrize(("name", "method", "path"), CHANGES)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL}, {"Origin": "null"}, {"Origin": "http://localhost:8080"}, {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Referer": EVIL + "/page"},
        {"Origin": "file://"}, {"Origin": "http://["}, {"Origin": ""},
    ],
)  # fmt: skip
def test_a_page_of_others_changes_nothing(laptop, name, method, path, headers):
    answer = getattr(laptop, name).request(method, path, headers=headers)
    assert_problem(answer, 403, says="TRADING_AI_CORS_ORIGINS")


def test_a_form_of_another_page_cancels_and_uploads_nothing(laptop):
    key = laptop.slow()
    try:
        path = f"/api/v1/optimize/{key}/cancel"
        for headers in ({"Origin": EVIL} | FORM, {"Origin": "null"} | FORM, FORM, {"Content-Type": "text/plain"}):
            assert laptop.optimizer.post(path, headers=headers).status_code in {403, 415}
        assert laptop.status(key)["status"] == "running"
        before = len(laptop.application.store.datasets())
        files = {"file": ("bars.csv", as_csv(n=300))}
        answer = laptop.pipeline.post("/api/v1/datasets", files=files, data=ASKED, headers={"Origin": EVIL})
        assert_problem(answer, 403)
        assert len(laptop.application.store.datasets()) == before
    finally:
        laptop.application.service.cancel(key)


@pytest.mark.parametrize(("name", "method", "path"), TAKE_JSON)
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain; charset=utf-8", "multipart/form-data"]
)
def test_kinds_of_content_that_any_page_may_send(laptop, name, method, path, kind):
    answer = getattr(laptop, name).request(method, path, headers={"Content-Type": kind}, content=b"{}")
    assert_problem(answer, 415, says="Content-Type")


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://localhost"}, {"Origin": "https://localhost"}, {"Origin": "http://localhost:80"},
     {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Referer": "http://localhost/docs"}],
)  # fmt: skip
def test_programs_and_own_pages_go_on(laptop, headers):
    assert laptop.optimizer.post("/api/v1/optimize/nothing/cancel", headers=headers).status_code == 404
    files = {"file": ("bars.csv", as_csv(n=250))}
    assert laptop.pipeline.post("/api/v1/datasets", files=files, data=ASKED, headers=headers).status_code == 201


def test_pages_that_are_named_may_send(tmp_path):
    laptop = Laptop(tmp_path, cors_origins="https://mine.example")
    path = "/api/v1/optimize/nothing/cancel"
    answer = laptop.optimizer.post(path, headers={"Origin": "https://mine.example"})
    assert answer.status_code == 404
    assert answer.headers["access-control-allow-origin"] == "https://mine.example"
    assert laptop.optimizer.post(path, headers={"Origin": "https://mine.example.evil.example"}).status_code == 403


LINK = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
READS = ["/api/v1/optimize", "/api/v1/optimize/x/robustness", "/health", "/docs", "/openapi.json"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(
    "how",
    [
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "document"}, {},
    ],
)  # fmt: skip
def test_a_page_of_others_loads_nothing(laptop, path, site, how):
    answer = laptop.optimizer.get(path, headers={"Sec-Fetch-Site": site} | how)
    assert_problem(answer, 403, says="Sec-Fetch-Site")
    assert laptop.optimizer.head(path, headers={"Sec-Fetch-Site": site} | how).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_is_followed_but_to_what_takes_minutes(laptop, site):
    heads = {"Sec-Fetch-Site": site} | LINK
    assert laptop.optimizer.get("/docs", headers=heads).status_code == 200
    for path in ("/api/v1/optimize/x/robustness", "/api/v1/optimize/x/report", "/api/v1/optimize/x/report/"):
        assert_problem(laptop.optimizer.get(path, headers=heads), 403, says="Open it from a page of this server")
        for own in ("same-origin", "none"):
            assert laptop.optimizer.get(path, headers=LINK | {"Sec-Fetch-Site": own}).status_code == 404
        assert laptop.optimizer.get(path).status_code == 404


def test_pages_that_are_named_and_keys_may_read_from_anywhere(tmp_path):
    laptop = Laptop(tmp_path, cors_origins="https://mine.example")
    heads = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    path = "/api/v1/optimize/nothing/robustness"
    assert laptop.optimizer.get(path, headers=heads | {"Origin": "https://mine.example"}).status_code == 404
    assert laptop.optimizer.get(path, headers=heads | {"Origin": "https://other.example"}).status_code == 403
    _, key = laptop.application.keys.create("far", "read", time.time())
    assert laptop.optimizer.get(path, headers=heads | {"X-API-Key": key}).status_code == 404


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
def test_what_came_through_a_proxy_needs_a_key(laptop, name):
    _, key = laptop.application.keys.create("proxied", "run", time.time())
    for client in (laptop.optimizer, laptop.pipeline):
        answer = client.get(
            "/api/v1/backtests" if client is laptop.pipeline else "/api/v1/optimize", headers={name: "a"}
        )
        assert_problem(answer, 401, says="proxy")
    assert laptop.optimizer.get("/api/v1/optimize", headers={name: "a", "X-API-Key": key}).status_code == 200
    assert laptop.optimizer.get("/api/v1/optimize", headers={name: "a", "X-API-Key": "wrong"}).status_code == 401


def test_a_key_can_be_set_that_the_database_does_not_have(tmp_path):
    key = "tai_" + "0123456789abcdef" * 2
    laptop = Laptop(tmp_path, admin_key=key)
    assert _keys_required(laptop.application, "0.0.0.0", insecure=False) is True
    optimizer = laptop.clients(keys_required=True)[1]
    for given, status in ((key, 404), (key[:-1], 401), (key + "0", 401), ("é", 401), ("", 401)):
        headers = {"X-API-Key": given.encode()}
        assert optimizer.post("/api/v1/optimize/x/cancel", headers=headers).status_code == status
    short = Laptop(tmp_path / "short", admin_key="short").application
    with pytest.raises(InputError, match="20 characters"):
        _keys_required(short, "127.0.0.1", insecure=False)


def test_keys_can_be_asked_for_on_this_machine(tmp_path):
    application = Laptop(tmp_path).application
    with pytest.raises(InputError, match="there is no API key"):
        _keys_required(application, "127.0.0.1", insecure=False, always=True)
    with pytest.raises(InputError, match="--insecure"):
        _keys_required(application, "127.0.0.1", insecure=True, always=True)
    application.keys.create("me", "admin", time.time())
    assert _keys_required(application, "127.0.0.1", insecure=False, always=True) is True


def test_the_key_is_asked_for_before_the_body_is_read(laptop):
    keyed, seen = laptop.clients(keys_required=True)[0], []

    async def watched(scope, receive, send):
        async def received():
            seen.append("http.request")
            return await receive()

        async def sent(message):
            seen.append(message["type"])
            await send(message)

        await keyed.app(scope, received, sent)

    stranger = TestClient(watched, base_url="http://localhost")
    assert_problem(stranger.post("/api/v1/datasets", content=iter([b"x" * 1000] * 3)), 401)
    assert seen[0] == "http.response.start"


def test_a_full_temporary_folder_is_said(laptop, monkeypatch):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("trading_ai.api.pipeline.shutil.copyfileobj", lambda *_: Full().write(b""))
    files = {"file": ("bars.csv", as_csv(n=250))}
    answer = laptop.pipeline.post("/api/v1/datasets", files=files, data=ASKED)
    assert_problem(answer, 507, says=tempfile.gettempdir())
    monkeypatch.undo()
    # Also while the form is read, which others do.
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "write", lambda *_: Full().write(b""))
    answer = laptop.pipeline.post("/api/v1/datasets", files=files, data=ASKED)
    assert_problem(answer, 507, says="No space left")


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """A service in which everything has to come within a second."""
    with service(tmp_path_factory.mktemp("hasty"), TRADING_AI_REQUEST_SECONDS="1") as made:
        yield made


def ended_after(port, *pieces, pause=0.0):
    """What a connection gets that sends some pieces, and seconds until it was closed."""
    began, got = time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:
                break
            time.sleep(pause)
        try:
            while piece := connection.recv(65536):
                got += piece
        except ConnectionResetError:
            pass
    return got, time.monotonic() - began


HEAD = b"POST /api/v1/optimize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("pieces", "says"),
    [
        ((b"",), b" 408 "),
        ((b"GET /health HT",), b" 408 "),
        ((b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: ",), b" 408 "),
        ((b"\r\n",), b" 408 "),
        ((HEAD + b"Content-Length: 100\r\n\r\n{",), b" 408 "),
        ((HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",), b" 408 "),
        ((b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000,), b" 431 "),
    ],
)
def test_half_a_request_ends_soon(hasty, pieces, says):
    got, seconds = ended_after(hasty.port, *pieces)
    assert says in got.split(b"\r\n")[0]
    assert seconds < 10


def test_drops_of_a_request_end_too(hasty):
    drops = [bytes([c]) for c in b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100]
    got, seconds = ended_after(hasty.port, *drops, pause=0.1)
    assert b" 408 " in got or not got
    assert seconds < 10
    got, seconds = ended_after(hasty.port, HEAD + b"Content-Length: 1000\r\n\r\n", *[b" "] * 100, pause=0.1)
    assert b" 408 " in got or not got
    assert seconds < 10
    assert httpx.get(f"{hasty.url}/health").status_code == 200


def test_a_key_is_refused_at_once_however_much_would_follow(tmp_path):
    with service(tmp_path, TRADING_AI_REQUEST_SECONDS="5") as served:
        head = b"POST /api/v1/datasets HTTP/1.1\r\nHost: localhost\r\nX-API-Key: guess\r\n"
        head += b"Content-Length: 1000000000\r\n\r\n"
        port = int(served.pipeline_url.rpartition(":")[2])
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(head)
            assert b" 401 " in connection.recv(1000)
            assert time.monotonic() - began < 2
        # A client that first sends everything gets to read the answer.
        files = {"file": ("bars.csv", b"x" * 20_000_000)}
        answer = httpx.post(
            f"{served.pipeline_url}/api/v1/datasets", files=files, data=ASKED, headers={"X-API-Key": "no"}
        )
        assert answer.status_code == 401


LATE = [
    ("TRACE", "/api/v1/walk-forward", 405),
    ("PUT", "/api/v1/optimize", 405),
    ("PATCH", "/api/v1/optimize/none", 405),
    ("POST", "/api/v1/nothing", 404),
    ("DELETE", "/health", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), LATE, ids=[f"{method} {path}" for method, path, _ in LATE])
@pytest.mark.parametrize("n_bytes", [1, 300, 500_000])
def test_a_refusal_is_read_whole_however_late_the_body_comes(hasty, method, path, status, n_bytes):
    """What arrives at a closed connection resets it, and takes the answer along that was not read yet."""
    port = hasty.port
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(f"{head}content-length: {n_bytes}\r\n\r\n".encode())
        assert select.select([connection], [], [], 20)[0]  # the answer is there, and nobody reads it
        for at in range(0, n_bytes, 100_000):
            connection.sendall(b"x" * min(100_000, n_bytes - at))
            time.sleep(0.01)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    headers, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in headers.lower()
    assert json.loads(body)["status"] == status
