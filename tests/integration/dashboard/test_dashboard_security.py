"""Signing in, the token of every change, and what the pages allow a browser."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from fastapi.testclient import TestClient

from tests.integration.dashboard.laptop import ORIGIN, PAGE, browser, token_of
from trading_ai.api.origins import UPLOADS
from trading_ai.dashboard.app import ROUTERS
from trading_ai.dashboard.pages import PageRoute
from trading_ai.dashboard.secret import FILE, kept
from trading_ai.dashboard.sessions import COOKIE
from trading_ai.errors import StorageError


@pytest.fixture(scope="module")
def keys(laptop):
    made = {}
    for scope in ("read", "run", "admin"):
        made[scope] = laptop.application.keys.create(f"{scope}er", scope, time.time())
    return made


def sign_in(client, key, **form):
    data = {"csrf": token_of(client, "/sign-in"), "key": key, **form}
    return client.post("/do/sign-in", data=data, headers=PAGE | ORIGIN)


def changes():
    """Addresses of every change that a page can ask for."""
    every = [route for router in ROUTERS for route in router.routes]
    asked = {route.path for route in every if route.methods - {"GET", "HEAD"}}
    assert all(path.startswith("/do/") for path in asked)
    return sorted(asked)


def test_without_a_session_a_person_is_led_to_the_entrance_and_a_script_told(laptop, keys):
    client = browser(laptop, keys_required=True)
    answer = client.get("/backtests?offset=2", headers=PAGE)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/backtests%3Foffset%3D2"
    assert client.get("/parts/home", headers={"X-Part": "1"}).status_code == 401


def test_the_key_opens_a_session_that_leads_where_one_wanted_to(laptop, keys):
    client = browser(laptop, keys_required=True)
    answer = sign_in(client, keys["run"][1], next="/data")
    assert (answer.status_code, answer.headers["location"]) == (303, "/data")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert keys["run"][1] not in cookie
    assert client.get("/data", headers=PAGE).status_code == 200


def test_a_wrong_key_is_said(laptop, keys):
    client = browser(laptop, keys_required=True)
    answer = sign_in(client, "tai_00000000_wrong")
    assert answer.status_code == 401
    assert "That key is not valid" in answer.text
    assert client.get("/", headers=PAGE).status_code == 303


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", ""])
def test_signing_in_leads_to_no_other_server(laptop, keys, where):
    client = browser(laptop, keys_required=True)
    assert sign_in(client, keys["read"][1], next=where).headers["location"] == "/"


def test_a_revoked_key_ends_its_session(laptop):
    record, key = laptop.application.keys.create("short", "read", time.time())
    client = browser(laptop, keys_required=True)
    sign_in(client, key)
    assert client.get("/", headers=PAGE).status_code == 200
    laptop.application.keys.revoke(record.key_id, time.time())
    client.app.state.sessions._seen.clear()  # what was looked up some seconds ago
    assert client.get("/", headers=PAGE).status_code == 303


@pytest.mark.parametrize(
    ("asked_from", "then"),
    [("/optimizations/latest?sort=-fast", "/optimizations/latest?sort=-fast"), ("", "/"), ("//evil.example/", "/")],
)
def test_what_a_session_that_is_over_could_not_do_leads_back_to_its_page(laptop, asked_from, then):
    client = browser(laptop, keys_required=True)
    referer = {"Referer": f"http://testserver{asked_from}"} if asked_from else {}
    answer = client.post("/do/optimizations/latest/pause", data={"csrf": "0" * 64}, headers=PAGE | ORIGIN | referer)
    assert answer.status_code == 303
    there = answer.headers["location"]
    assert there.startswith("/sign-in?next=")
    assert f'name="next" value="{then}"' in client.get(there, headers=PAGE).text


def test_signing_out_forgets_the_session(laptop, keys):
    client = browser(laptop, keys_required=True)
    sign_in(client, keys["read"][1])
    copied = client.cookies[COOKIE]
    answer = client.post("/do/sign-out", data={"csrf": token_of(client)}, headers=PAGE | ORIGIN)
    assert answer.status_code == 303
    assert client.cookies.get(COOKIE) is None
    assert client.get("/", headers=PAGE).status_code == 303
    client.cookies.set(COOKIE, copied)
    assert client.get("/", headers=PAGE).status_code == 303


@pytest.mark.parametrize("required", [True, False])
def test_no_change_without_token_and_own_origin(laptop, keys, required):
    client = browser(laptop, keys_required=required)
    if required:
        sign_in(client, keys["admin"][1])
    token = token_of(client)
    assert len(changes()) >= 8
    evil = {"Origin": "http://evil.example"}
    neighbour = {"Origin": "http://localhost:8080", "Sec-Fetch-Site": "same-site"}
    for path in changes():
        where = path.replace("{optimization_id}", "latest").replace("{change}", "cancel")
        where = re.sub(r"\{\w+\}", "latest", where)
        for heads in (ORIGIN, {"X-CSRF-Token": token}, ORIGIN | {"X-CSRF-Token": "0" * 64},
                      evil | {"X-CSRF-Token": token}, neighbour | {"X-CSRF-Token": token}):  # fmt: skip
            answer = client.post(where, data={"x": "1"}, headers=heads)
            assert answer.status_code == 403, (where, heads, answer.text)


class Watched:
    """An app, and what passes between it and a client: "http.request" for each piece of a body that it reads."""

    def __init__(self, app):
        self.app, self.seen = app, []

    async def __call__(self, scope, receive, send):
        async def received():
            self.seen.append("http.request")
            return await receive()

        async def sent(message):
            self.seen.append(message["type"])
            await send(message)

        await self.app(scope, received, sent)


@pytest.mark.parametrize("ending", ["the key is revoked", "signed out"])
def test_a_stream_ends_with_the_session(laptop, monkeypatch, ending):
    from trading_ai.api import progress
    from trading_ai.dashboard import sessions

    monkeypatch.setattr(progress, "_EVENT_SECONDS", 0.01)
    monkeypatch.setattr(progress, "_RECHECK_SECONDS", 0.05)
    monkeypatch.setattr(sessions, "_REMEMBERED_SECONDS", 0.02)
    held, key = laptop.application.keys.create("watcher", "read", time.time())
    client = browser(laptop, keys_required=True)
    sign_in(client, key)
    running = laptop.slow(50)
    cookie = client.cookies[COOKIE]
    found = client.app.state.sessions

    async def listen():
        async def may_hear():
            return found.of(cookie).may("read")

        told, ended = [], False
        async for part in progress.event_stream(client.app.state.context, running, may_hear):
            told.append(part)
            if len(told) == 2 and not ended:
                ended = True
                if ending == "signed out":
                    found.sign_out(cookie)
                else:
                    laptop.application.keys.revoke(held.key_id, time.time())
        return told

    try:
        told = asyncio.run(asyncio.wait_for(listen(), 20))
    finally:
        client.app.state.context.service.cancel(running)
    assert not any(part.startswith(b"event: end") for part in told)
    assert client.get(f"/optimizations/{running}/events").status_code == 401


def test_a_refusal_speaks_of_the_page_and_not_of_an_api_key(laptop, keys):
    client = browser(laptop, keys_required=True)
    sign_in(client, keys["run"][1])
    where = "/do/optimizations/latest/pause"
    stale = client.post(where, data={"csrf": "0" * 64}, headers=ORIGIN | PAGE)
    assert (stale.status_code, "out of date" in stale.text, "API key" in stale.text) == (403, True, False)
    elsewhere = client.post(where, data={"csrf": token_of(client)}, headers={"Origin": "http://evil.example"})
    assert elsewhere.json()["title"] == "That was asked from elsewhere"
    client = browser(laptop, keys_required=True)
    sign_in(client, keys["read"][1])
    scope = client.post(where, data={"csrf": token_of(client)}, headers=ORIGIN)
    assert (scope.json()["title"], "scope read" in scope.json()["detail"]) == ("Your key does not allow that", True)


FILES = [path for path in changes() if path.endswith(UPLOADS)]


@pytest.mark.parametrize("who", ["a stranger", "a reader", "a runner's form without the header", "another site"])
@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_files_are_refused_before_they_are_read(laptop, keys, path, who, kind):
    watched = Watched(browser(laptop, keys_required=True).app)
    client = TestClient(watched, base_url="http://localhost", follow_redirects=False)
    if who != "a stranger":
        sign_in(client, keys["read" if who == "a reader" else "run"][1])
    heads = ORIGIN | {
        "X-CSRF-Token": token_of(client, "/sign-in" if who == "a stranger" else "/"),
        "Content-Type": kind,
    }
    if "without" in who:
        del heads["X-CSRF-Token"]
    if who == "another site":
        heads["Origin"] = "http://evil.example"
    watched.seen.clear()
    answer = client.post(path, content=iter([b"x" * 1000] * 3), headers=heads)
    assert answer.status_code == (401 if who == "a stranger" else 403)
    assert watched.seen[0] == "http.response.start"


def test_every_path_of_files_was_seen():
    kept = {"/do/datasets", "/do/backtests/import", "/do/optimize/import"}
    assert kept | {path.replace("/do/", "/do/look/") for path in kept} <= set(FILES)


def test_a_page_that_names_no_visitor_is_not_served():
    with pytest.raises(TypeError, match="/open"):
        PageRoute("/open", lambda: None)


@pytest.mark.parametrize("key", [{"X-API-Key": "made-up"}, {"Authorization": "Bearer made-up"}])
@pytest.mark.parametrize("proxy", ["X-Forwarded-For", "Forwarded", "Via"])
def test_a_made_up_key_opens_no_page_through_a_proxy(laptop, key, proxy):
    client = browser(laptop)
    heads = ORIGIN | key | {"X-CSRF-Token": token_of(client)}
    for path in ("/", "/data", "/keys", "/parts/home", "/sign-in", "/health", "/metrics", "/openapi.json"):
        assert client.get(path, headers=heads | {proxy: "for=10.0.0.7"}).status_code == 401, path
    refused = client.post("/do/optimizations/latest/cancel", headers=heads | {proxy: "10.0.0.7"})
    assert (refused.status_code, "proxy" in refused.json()["detail"]) == (401, True)
    evil = heads | {"Origin": "http://evil.example"}
    assert "TRADING_AI_CORS_ORIGINS" in client.post("/do/optimizations/latest/cancel", headers=evil).json()["detail"]


CROSS = {"Sec-Fetch-Site": "cross-site"}
LINK = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def test_another_site_cannot_replace_a_session(laptop):
    client = browser(laptop, keys_required=True)
    assert COOKIE in client.get("/sign-in", headers=PAGE | CROSS | LINK).cookies  # a link: its form needs the token
    client.cookies.clear()
    form = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Origin": "http://evil.example"}
    for answer in (
        client.get("/", headers=CROSS | {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}),
        client.get("/parts/home", headers=CROSS | LINK),
        client.post("/do/sign-out", headers=PAGE | CROSS | form),
        client.post("/do/sign-out", headers=PAGE | {"Origin": "http://evil.example"}),
    ):
        assert answer.status_code in {401, 403}
        assert "set-cookie" not in answer.headers


COSTLY = [
    "/optimizations/x/parts/study/verdict?rank=1", "/optimizations/x/equities?pin=1", "/optimizations/x/report",
    "/compare/equities?with=x", "/parts/home", "/parts/places",
]  # fmt: skip


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_has_nothing_made(laptop, keys, required, site):
    client = browser(laptop, keys_required=required)
    if required:
        sign_in(client, keys["read"][1])
    image = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    for path in (*COSTLY, "/", "/optimizations/x/figures/map?x=a&y=b"):
        assert client.get(path, headers=image).status_code == 403, path
    followed = {"Sec-Fetch-Site": site} | LINK
    for path in COSTLY:
        assert client.get(path, headers=PAGE | followed).status_code == 403, path
        assert client.get(path, headers=followed | {"Sec-Fetch-Site": "same-origin"}).status_code in {200, 404}, path
    assert client.get("/data", headers=PAGE | followed).status_code == 200


def test_the_session_of_a_page_over_tls_is_sent_over_tls_alone(laptop, keys):
    client = browser(laptop, keys_required=True)
    assert "; Secure" not in sign_in(client, keys["read"][1]).headers["set-cookie"]
    data = {"csrf": token_of(client), "key": keys["read"][1]}
    answer = client.post("/do/sign-in", data=data, headers=PAGE | {"Origin": "https://localhost"})
    assert answer.status_code == 303
    assert "; Secure" in answer.headers["set-cookie"]


def test_nothing_is_looked_up_where_it_would_stop_everybody(laptop, keys, monkeypatch):
    key = laptop.application.keys.create("looked up", "read", time.time())[1]
    client, seen = browser(laptop, keys_required=True), []
    sign_in(client, key)

    def watched(inner):
        def ask(*arguments):
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                seen.append("in a thread")
            else:
                seen.append("on the loop")
            return inner(*arguments)

        return ask

    monkeypatch.setattr(laptop.application.keys, "held", watched(laptop.application.keys.held))
    monkeypatch.setattr(laptop.application.store, "optimization", watched(laptop.application.store.optimization))
    client.app.state.sessions._seen.clear()
    assert client.get("/optimizations/nothing/events").status_code == 404
    assert seen == ["in a thread", "in a thread"]


def test_a_server_on_one_machine_keeps_its_secret_for_itself(tmp_path):
    secret = kept(tmp_path / "home")
    file = tmp_path / "home" / FILE
    assert len(secret) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    assert kept(tmp_path / "home") == secret
    assert file.stat().st_mode & 0o777 == 0o600
    assert kept(tmp_path / "other") != secret
    file.write_bytes(b"short")
    with pytest.raises(StorageError, match="5 bytes"):
        kept(tmp_path / "home")
    with pytest.raises(StorageError, match="cannot be used"):
        kept(file)


def test_a_session_lives_through_a_new_start_of_the_server(laptop, keys):
    first, second = browser(laptop, keys_required=True), browser(laptop, keys_required=True)
    sign_in(first, keys["run"][1])
    second.cookies.set(COOKIE, first.cookies[COOKIE])
    assert second.get("/data", headers=PAGE).status_code == 200


def test_a_token_of_another_session_does_not_count(laptop):
    first, second = browser(laptop), browser(laptop)
    token_of(first)
    heads = ORIGIN | {"X-CSRF-Token": token_of(second)}
    assert first.post("/do/optimizations/latest/cancel", headers=heads).status_code == 403


def test_a_key_that_may_look_changes_nothing_and_sees_no_buttons(laptop, keys):
    key = laptop.started()
    laptop.wait(key)
    client = browser(laptop, keys_required=True)
    sign_in(client, keys["read"][1])
    heads = ORIGIN | {"X-CSRF-Token": token_of(client)}
    assert "scope read; this needs" in client.post(f"/do/optimizations/{key}/delete", headers=heads).json()["detail"]
    body = {"backtest_id": laptop.backtest_id, "parameters": [{"name": "stop_loss", "values": [20, 30, 40]}]}
    assert client.post("/do/optimize/count", json=body, headers=heads).json()["n_trials"] == 3  # what it would take
    assert client.post("/do/optimize", json=body, headers=heads).status_code == 403
    for path in (f"/optimizations/{key}", "/data", "/optimize", "/backtests"):
        page = client.get(path, headers=PAGE).text
        assert 'action="/do/opt' not in page
        assert 'id="start"' not in page
        assert 'id="file"' not in page


def test_the_session_is_no_key_of_the_api(laptop, keys):
    client = browser(laptop, keys_required=True)
    sign_in(client, keys["admin"][1])
    assert client.get("/api/v1/optimize").status_code == 401


def test_pages_run_no_script_but_ours_and_reach_no_other_host(laptop):
    client = browser(laptop)
    answer = client.get("/", headers=PAGE)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in answer.text
    assert " onclick=" not in answer.text
    assert "http://" not in answer.text.replace("http://www.w3.org", "")
    assert "https://" not in answer.text


def test_names_cannot_become_markup(laptop):
    evil = '<script>alert(1)</script>"><img src=x>'
    key = laptop.started(name=evil)
    laptop.wait(key)
    client = browser(laptop)
    for path in ("/", f"/optimizations/{key}", f"/optimizations/{key}/verdict", "/backtests"):
        page = client.get(path, headers=PAGE).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_what_is_not_there_is_a_page_for_people_and_a_document_for_the_api(laptop):
    client = browser(laptop)
    page = client.get("/nothing-here", headers=PAGE)
    assert page.status_code == 404
    assert "There is no such thing" in page.text
    assert client.get("/api/v1/nothing", headers=PAGE).headers["content-type"] == "application/problem+json"
    missing = client.get("/optimizations/nope", headers=PAGE)
    assert missing.status_code == 404
    assert "nope" in missing.text
