"""Who a cookie names, and from where a change may come."""

from __future__ import annotations

import pytest

from trading_ai.dashboard.secret import derived
from trading_ai.dashboard.sessions import RENEWED_AFTER_SECONDS, SESSION_SECONDS, Sessions, own_origin
from trading_ai.store.keys import KeyRecord


class Keys:
    """Keys that are known, by their public part."""

    def __init__(self) -> None:
        self.known = {"ab12": (KeyRecord("ab12", "ann", "run", 0.0, None), "digest of ann's")}

    def held(self, key_id):
        return self.known.get(key_id)

    def scope_of(self, key):
        return "run" if key == "tai_ab12_secret" and "ab12" in self.known else None


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def made(required=True, keys=None, secret=b"s", clock=None, admin_key=""):
    return Sessions(keys or Keys(), required=required, admin_key=admin_key, secret=secret, clock=clock or Clock())


def test_a_key_opens_a_session_with_its_scope():
    sessions = made()
    signed_in = sessions.sign_in(" tai_ab12_secret ")
    found = sessions.of(signed_in.cookie)
    assert (found.name, found.scope, found.has_key) == ("ann", "run", True)
    assert found.may("read")
    assert found.may("run")
    assert not found.may("admin")
    assert found.token == signed_in.token
    assert "secret" not in signed_in.cookie
    assert found.cookie == ""  # nothing to renew yet


@pytest.mark.parametrize("key", ["", "tai_ab12_wrong", "tai_ab12", "x", "admin"])
def test_another_key_opens_none(key):
    assert made().sign_in(key) is None


def test_the_key_of_the_environment_opens_one_too():
    sessions = made(admin_key="a-key-of-the-environment")
    assert sessions.of(sessions.sign_in("a-key-of-the-environment").cookie).scope == "admin"
    other = made(admin_key="another-key-of-the-environment")
    assert other.of(sessions.sign_in("a-key-of-the-environment").cookie).scope == ""


def test_a_session_ends_with_its_key_and_with_its_time():
    clock, keys = Clock(), Keys()
    cookie = made(keys=keys).sign_in("tai_ab12_secret").cookie
    clock.now += SESSION_SECONDS - 1
    assert made(clock=clock).of(cookie).scope == "run"
    clock.now += 3
    assert made(clock=clock).of(cookie).scope == ""
    keys.known.clear()
    assert made(keys=keys).of(cookie).scope == ""


def test_a_session_lasts_twelve_hours_however_much_it_is_used():
    clock = Clock()
    sessions = made(clock=clock)
    cookie = sessions.sign_in("tai_ab12_secret").cookie
    for _ in range(23):
        clock.now += SESSION_SECONDS / 24
        found = sessions.of(cookie)
        assert found.scope == "run"
        cookie = found.cookie or cookie
    clock.now += SESSION_SECONDS / 24 + 2
    assert sessions.of(cookie).scope == ""


@pytest.mark.parametrize("required", [True, False])
def test_who_shows_no_key_keeps_a_token_while_pages_are_used(required):
    clock = Clock()
    sessions = made(required=required, clock=clock)
    first = sessions.of(None)
    clock.now += RENEWED_AFTER_SECONDS + 1
    renewed = sessions.of(first.cookie)
    assert renewed.cookie != ""
    assert renewed.token == first.token
    clock.now += SESSION_SECONDS - 10
    assert sessions.of(renewed.cookie).token == first.token
    assert sessions.of(first.cookie).token != first.token


def test_signing_out_ends_copies_of_the_cookie_and_no_other_session():
    clock = Clock()
    sessions = made(clock=clock)
    mine, other = (sessions.sign_in("tai_ab12_secret").cookie for _ in range(2))
    sessions.sign_out(mine)
    assert sessions.of(mine).scope == ""
    assert sessions.of(other).scope == "run"
    for nothing in (None, "", "x", mine, sessions.of(None).cookie):
        sessions.sign_out(nothing)
    assert len(sessions._ended) == 1
    clock.now += SESSION_SECONDS + 1
    latest = sessions.sign_in("tai_ab12_secret").cookie
    sessions.sign_out(latest)
    assert len(sessions._ended) == 1  # what is over is forgotten
    assert sessions.of(latest).scope == ""


def test_the_database_is_not_enough_to_make_a_session():
    cookie = made(secret=b"made up by whoever reads the database").sign_in("tai_ab12_secret").cookie
    assert made(secret=b"of the server").of(cookie).scope == ""
    assert made(secret=b"made up by whoever reads the database").of(cookie).scope == "run"


def test_replicas_agree_on_a_secret_by_what_they_are_told():
    url = "postgresql://trading:password@database/trading"
    assert derived(url, "") == derived(url, "")
    assert len({derived(url, ""), derived(url.replace("password", "passwort"), ""), derived(url, "admin key")}) == 3


def test_the_secret_is_not_enough_to_make_a_session():
    other = Keys()
    other.known["ab12"] = (other.known["ab12"][0], "a guess")
    assert made().of(made(keys=other).sign_in("tai_ab12_secret").cookie).scope == ""


def test_nothing_that_a_stranger_sends_is_looked_up():
    clock, keys, asked = Clock(), Keys(), []
    cookie = made(keys=keys).sign_in("tai_ab12_secret").cookie
    keys.held = lambda key_id: asked.append(key_id) or Keys().held(key_id)
    _, issued, nonce, of_server, of_key = cookie.split(".")
    for made_up in (
        f"cd34.{issued}.{nonce}.{of_server}.{of_key}",
        f"ab12.{issued}.{nonce}.{'0' * 64}.{of_key}",
        f"ab12' or 1.{issued}.{nonce}.{of_server}.{of_key}",
        f"{'a' * 5000}.{issued}.{nonce}.{of_server}.{of_key}",
        f"ab12.{issued}.{nonce}",
    ):
        made(keys=keys).of(made_up)
    clock.now += SESSION_SECONDS + 2
    made(keys=keys, clock=clock).of(cookie)
    assert asked == []
    made(keys=keys).of(cookie)
    assert asked == ["ab12"]


def test_nothing_of_a_cookie_can_be_changed():
    sessions = made()
    cookie = sessions.sign_in("tai_ab12_secret").cookie
    key_id, issued, nonce, of_server, signature = cookie.split(".")
    nonce, plain = f"{nonce}.{of_server}", nonce
    for changed in (
        f"admin.{issued}.{nonce}.{signature}",
        f"{key_id}.{int(issued) + 1}.{nonce}.{signature}",
        f"{key_id}.{issued}.{plain[::-1]}.{of_server}.{signature}",
        f"{key_id}.{issued}.{nonce}.{signature[::-1]}",
        f"{key_id}.{issued}.{nonce}",
        f"{key_id}.{issued}.{plain}.{of_server[::-1]}.{signature}",
        f"{key_id}.{'9' * 5000}.{nonce}.{signature}",
        f"{key_id}.²²².{nonce}.{signature}",
        f"nobody.{issued}.{nonce}.{signature}",
        "....",
        "",
    ):
        assert sessions.of(changed).scope == "", changed


def test_without_keys_everybody_may_do_everything_and_has_a_token_of_their_own():
    sessions = made(required=False)
    first, second = sessions.of(None), sessions.of(None)
    assert first.scope == second.scope == "admin"
    assert first.token != second.token
    assert sessions.of(first.cookie).token == first.token
    assert not first.has_key


def test_another_process_takes_a_session_where_the_secret_is_shared():
    cookie = made(required=False, secret=b"of the database").of(None).cookie
    assert made(required=False, secret=b"of the database").of(cookie).cookie == ""
    assert made(required=False, secret=b"of another").of(cookie).cookie != ""


@pytest.mark.parametrize(
    ("origin", "host", "site", "own"),
    [
        ("http://localhost:30802", "localhost:30802", "same-origin", True),
        ("http://LOCALHOST:30802", "localhost:30802", None, True),
        ("https://lab.example", "lab.example", "same-origin", True),
        (None, "localhost:30802", "same-origin", False),
        ("null", "localhost:30802", None, False),
        ("http://localhost:8080", "localhost:30802", "same-site", False),
        ("http://localhost:30802", "localhost:30802", "cross-site", False),
        ("http://evil.example", "localhost:30802", "cross-site", False),
        ("http://localhost:30802.evil.example", "localhost:30802", None, False),
        ("http://[", "[", None, False),
        ("", "", None, False),
    ],
)
def test_only_our_own_pages_may_change_something(origin, host, site, own):
    assert own_origin(origin, host, site) is own
