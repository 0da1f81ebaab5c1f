"""Who looks at a page: sessions in a signed cookie, and the token without which a page changes nothing.

A session is a cookie that names an API key and is signed twice: with a secret of the server, not in the database, and
with what the database knows of that key besides. Any process that has both can check it, nothing about sessions is
stored, revoking the key ends them, and neither the database nor the secret is enough to make one. The key itself never
stays in the browser.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trading_ai.store.keys import SCOPES

if TYPE_CHECKING:
    from trading_ai.store.keys import SqlKeys

COOKIE = "trading_ai_session"
FIELD = "csrf"
"""Field of a form that holds the token."""

HEADER = "x-csrf-token"
"""Header of a script's request that holds it."""

SESSION_SECONDS = 12 * 3600.0
"""How long a session lasts after a key was shown, however much it is used."""

RENEWED_AFTER_SECONDS = 3600.0
"""Age at which the session of somebody who showed no key is renewed: there is nothing to sign in to."""

_REMEMBERED_SECONDS = 5.0
_NOBODY, _ADMIN = "nobody", "admin"
_FORM = re.compile(r"([0-9a-f]{1,32}|nobody|admin)\.([0-9]{1,12})\.([0-9a-f]{32})\.([0-9a-f]{64})\.([0-9a-f]{64})")
"""Key, moment of the beginning, a random number, the signatures of the server and of the key."""


@dataclass(frozen=True)
class Visitor:
    """Who looks at a page.

    Attributes:
        name: whose key it is, or "".
        scope: read, run or admin; "" of somebody who has not signed in where that is needed.
        token: what each change that this visitor asks for must carry.
        cookie: a cookie to set with the answer, or "".
        has_key: whether there is a key to sign out of.
    """

    name: str
    scope: str
    token: str
    cookie: str = ""
    has_key: bool = False

    def may(self, scope: str) -> bool:
        """Whether the visitor has that scope."""
        return bool(self.scope) and SCOPES.index(self.scope) >= SCOPES.index(scope)


class Sessions:
    """Makes and checks sessions.

    Args:
        keys: the known keys.
        required: whether somebody without a key sees nothing.
        admin_key: a further key of scope admin, or "".
        secret: what all sessions are signed with, in no database; the same for all processes that share one.
        clock: seconds since 1970.
    """

    def __init__(
        self, keys: SqlKeys, *, required: bool, admin_key: str, secret: bytes, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys, self._required, self._clock = keys, required, clock
        self._admin_key, self._secret = admin_key, secret
        self._seen: dict[str, tuple[float, tuple[str, str, bytes] | None]] = {}
        self._ended: dict[str, float] = {}
        self._ending = threading.Lock()

    def of(self, cookie: str | None) -> Visitor:
        """The visitor that a cookie names; a new session where it names none, or none that is valid.

        Looks a key up in the database, but for nothing that this server, or one with its secret, did not sign.
        """
        found = self._read(cookie) if cookie else None
        if found is None:
            return self._visitor(_NOBODY, *self._nobody(), is_new=True)
        key_id, issued, nonce, holder = found
        is_old = key_id == _NOBODY and self._clock() - issued > RENEWED_AFTER_SECONDS
        return self._visitor(key_id, *holder, nonce=nonce, is_new=is_old)

    def sign_in(self, key: str) -> Visitor | None:
        """The session of somebody who shows a key; None where it is not valid."""
        key = key.strip()
        if self._admin_key and hmac.compare_digest(key.encode(), self._admin_key.encode()):
            key_id = _ADMIN
        elif self._keys.scope_of(key) is not None:
            key_id = key.split("_")[1]
        else:
            return None
        holder = self._found(key_id)
        return None if holder is None else self._visitor(key_id, *holder, is_new=True)

    def sign_out(self, cookie: str | None) -> None:
        """End the session of a cookie, copies of it too.

        This process remembers it until its time would be over; others, and this one after a new start, do not know.
        """
        found = self._read(cookie) if cookie else None
        if found is None or found[0] == _NOBODY:
            return
        now = self._clock()
        with self._ending:
            self._ended = {nonce: until for nonce, until in self._ended.items() if until >= now}
            self._ended[found[2]] = found[1] + SESSION_SECONDS

    def _visitor(
        self, key_id: str, name: str, scope: str, secret: bytes, *, nonce: str = "", is_new: bool = False
    ) -> Visitor:
        nonce = nonce or secrets.token_hex(16)
        text = f"{key_id}.{int(self._clock())}.{nonce}"
        cookie = f"{text}.{_signed(self._secret, 'server', text)}.{_signed(secret, 'session', text)}" if is_new else ""
        return Visitor(name, scope, _signed(secret, "change", nonce), cookie, key_id != _NOBODY)

    def _read(self, cookie: str) -> tuple[str, float, str, tuple[str, str, bytes]] | None:
        parts = _FORM.fullmatch(cookie)
        if parts is None:
            return None
        key_id, issued, nonce, of_server, of_key = parts.groups()
        text = f"{key_id}.{issued}.{nonce}"
        if not 0 <= self._clock() - float(issued) + 1 <= SESSION_SECONDS or nonce in self._ended:
            return None
        if not hmac.compare_digest(_signed(self._secret, "server", text), of_server):
            return None  # whoever made it up causes no look-up
        holder = self._found(key_id)
        if holder is None or not hmac.compare_digest(_signed(holder[2], "session", text), of_key):
            return None
        return key_id, float(issued), nonce, holder

    def _found(self, key_id: str) -> tuple[str, str, bytes] | None:
        """Name, scope and secret of a key that is valid; looked up at most every few seconds."""
        now = time.monotonic()
        moment, holder = self._seen.get(key_id, (-1e9, None))
        if now - moment > _REMEMBERED_SECONDS:
            holder = self._holder(key_id)
            if len(self._seen) > 1000:
                self._seen.clear()
            self._seen[key_id] = (now, holder)
        return holder

    def _nobody(self) -> tuple[str, str, bytes]:
        return "", "" if self._required else "admin", self._hashed(b"")

    def _holder(self, key_id: str) -> tuple[str, str, bytes] | None:
        if key_id == _NOBODY:
            return self._nobody()
        if key_id == _ADMIN:
            return ("admin", "admin", self._hashed(self._admin_key.encode())) if self._admin_key else None
        held = self._keys.held(key_id)
        return None if held is None else (held[0].name, held[0].scope, self._hashed(held[1].encode()))

    def _hashed(self, of_key: bytes) -> bytes:
        return hmac.new(self._secret, b"dashboard session\0" + of_key, hashlib.sha256).digest()


def own_origin(origin: str | None, host: str, site: str | None) -> bool:
    """Whether a request that changes something comes from a page of this server.

    Args:
        origin: its Origin header; browsers send one with every such request.
        host: its Host header.
        site: its Sec-Fetch-Site header.
    """
    if origin is None or site not in {None, "same-origin"}:
        return False
    try:
        return urlsplit(origin).netloc.lower() == host.lower() != ""
    except ValueError:
        return False


def _signed(secret: bytes, use: str, text: str) -> str:
    return hmac.new(secret, f"{use}\0{text}".encode(), hashlib.sha256).hexdigest()
