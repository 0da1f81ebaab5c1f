"""API keys: random, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import select

from trading_ai.errors import NotFoundError, ParameterError
from trading_ai.store.database import Database
from trading_ai.store.tables import api_keys

SCOPES = ("read", "run", "admin")
"""Each may do what those before it may."""


@dataclass(frozen=True)
class KeyRecord:
    """What is known of a key; the key itself is not.

    Attributes:
        key_id: its public part.
        name: whose it is.
        scope: read, run or admin.
        created_at: seconds since 1970.
        revoked_at: when it was revoked, or None.
    """

    key_id: str
    name: str
    scope: str
    created_at: float
    revoked_at: float | None


class SqlKeys:
    """API keys in the database.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, scope: str, now: float) -> tuple[KeyRecord, str]:
        """Make a key; returns its record and the key, which cannot be had again.

        Raises:
            ParameterError: the scope is unknown.
        """
        if scope not in SCOPES:
            raise ParameterError("is not a scope", parameter="scope", value=scope, remedy="Use " + ", ".join(SCOPES))
        record = KeyRecord(secrets.token_hex(4), name, scope, now, None)
        key = f"tai_{record.key_id}_{secrets.token_urlsafe(32)}"
        with self._database.write() as connection:
            connection.execute(api_keys.insert().values(**vars(record), digest=_digest(key)))
        return record, key

    def all(self) -> list[KeyRecord]:
        """All keys, revoked ones too, newest first."""
        k = api_keys.c
        chosen = select(k.key_id, k.name, k.scope, k.created_at, k.revoked_at).order_by(k.created_at.desc())
        with self._database.read() as connection:
            return [KeyRecord(*row) for row in connection.execute(chosen)]

    def revoke(self, key_id: str, now: float) -> None:
        """Revoke a key for good.

        Raises:
            NotFoundError: there is no such key.
        """
        k = api_keys.c
        with self._database.write() as connection:
            change = api_keys.update().where((k.key_id == key_id) & k.revoked_at.is_(None)).values(revoked_at=now)
            if not connection.execute(change).rowcount:
                raise NotFoundError("key", key_id, "See trading-ai keys list.")

    def held(self, key_id: str) -> tuple[KeyRecord, str] | None:
        """The record and the digest of a key that is valid, by its public part, or None."""
        k = api_keys.c
        chosen = select(k.key_id, k.name, k.scope, k.created_at, k.revoked_at, k.digest)
        with self._database.read() as connection:
            row = connection.execute(chosen.where((k.key_id == key_id) & k.revoked_at.is_(None))).first()
        return None if row is None else (KeyRecord(*row[:5]), str(row[5]))

    def scope_of(self, key: str) -> str | None:
        """The scope of a key that is valid, or None."""
        k = api_keys.c
        with self._database.read() as connection:
            row = connection.execute(select(k.scope).where((k.digest == _digest(key)) & k.revoked_at.is_(None))).first()
        return None if row is None else str(row.scope)


def _digest(key: str) -> str:
    # The keys are 256 random bits, so that a plain hash is as good as a slow one.
    return hashlib.sha256(key.encode()).hexdigest()
