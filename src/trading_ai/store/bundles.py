"""Published strategies in the database, and in memory."""

from __future__ import annotations

import threading
from dataclasses import replace

from sqlalchemy import Connection, select
from typing_extensions import override

from trading_ai.errors import NotFoundError, StateError, StorageError, StrategyError
from trading_ai.optimization.bundles import BundleRecord, Bundles, checked_name, chosen_of
from trading_ai.optimization.ports import Store
from trading_ai.store.database import Database
from trading_ai.store.tables import backtests, bundle_names, bundle_parts, bundles
from trading_ai.strategies.bundle import Bundle
from trading_ai.strategies.manifest import Manifest

_PART_BYTES = 4 << 20
_REMEDY = "`trading-ai strategy list` shows those there are."


class SqlBundles(Bundles):
    """Bundles on a SQL database.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def keep(self, bundle: Bundle, name: str, now: float) -> bool:
        checked_name(name)
        key, insert = bundle.bundle_hash, self._database.insert
        text, size = bundle.manifest.to_json(), bundle.n_bytes
        row = insert(bundles).values(bundle_hash=key, manifest=text, n_bytes=size, published_at=now)
        with self._database.write() as connection:
            new = connection.execute(row.on_conflict_do_nothing().returning(bundles.c.bundle_hash))
            added = new.scalar() is not None
            # The archive is written anew: what was damaged in the database is mended by publishing it again.
            connection.execute(bundle_parts.delete().where(bundle_parts.c.bundle_hash == key))
            data = bundle.pack()
            for part, start in enumerate(range(0, len(data), _PART_BYTES)):
                piece = data[start : start + _PART_BYTES]
                written = insert(bundle_parts).values(bundle_hash=key, part=part, data=piece)
                # Somebody may publish it at the same time.
                written = written.on_conflict_do_update(index_elements=["bundle_hash", "part"], set_={"data": piece})
                connection.execute(written)
            named = insert(bundle_names).values(name=name, bundle_hash=key)
            connection.execute(named.on_conflict_do_update(index_elements=["name"], set_={"bundle_hash": key}))
        return added

    @override
    def all(self) -> list[BundleRecord]:
        with self._database.read() as connection:
            keys = connection.execute(
                select(bundles.c.bundle_hash).order_by(bundles.c.published_at.desc(), bundles.c.bundle_hash)
            )
            return [_record(connection, key) for key in keys.scalars().all()]

    @override
    def record(self, named: str) -> BundleRecord:
        with self._database.read() as connection:
            return _record(connection, _found(connection, named))

    @override
    def load(self, bundle_hash: str) -> Bundle:
        p = bundle_parts.c
        with self._database.read() as connection:
            key = _found(connection, bundle_hash)
            parts = connection.execute(select(p.data).where(p.bundle_hash == key).order_by(p.part)).scalars().all()
        return _verified(b"".join(parts), key)

    @override
    def delete(self, named: str) -> str:
        with self._database.write() as connection:
            key = _found(connection, named)
            users = connection.execute(
                select(backtests.c.backtest_id).where(backtests.c.spec.contains(f"bundle:{key}", autoescape=True))
            )
            _refuse_if_used(key, list(users.scalars().all()))
            connection.execute(bundles.delete().where(bundles.c.bundle_hash == key))
        return key


class MemoryBundles(Bundles):
    """Bundles in memory, for tests and throw-away sessions.

    Args:
        store: holds the backtests that may use them.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._archives: dict[str, bytes] = {}
        self._records: dict[str, BundleRecord] = {}
        self._names: dict[str, str] = {}

    @override
    def keep(self, bundle: Bundle, name: str, now: float) -> bool:
        checked_name(name)
        key = bundle.bundle_hash
        with self._lock:
            added = key not in self._records
            self._archives[key] = bundle.pack()
            self._records.setdefault(key, BundleRecord(bundle.manifest, (), bundle.n_bytes, now))
            self._names[name] = key
        return added

    @override
    def all(self) -> list[BundleRecord]:
        with self._lock:
            keys = sorted(self._records, key=lambda key: (-self._records[key].published_at, key))
            return [self._with_names(key) for key in keys]

    @override
    def record(self, named: str) -> BundleRecord:
        with self._lock:
            return self._with_names(self._find(named))

    @override
    def load(self, bundle_hash: str) -> Bundle:
        with self._lock:
            key = self._find(bundle_hash)
            return _verified(self._archives[key], key)

    @override
    def delete(self, named: str) -> str:
        with self._lock:
            key = self._find(named)
            used = [b.backtest_id for b in self._store.backtests() if f"bundle:{key}" in b.spec.strategy]
            _refuse_if_used(key, used)
            del self._records[key], self._archives[key]
            self._names = {name: of for name, of in self._names.items() if of != key}
        return key

    def _find(self, named: str) -> str:
        found = chosen_of(self._names, list(self._records), named)
        if found is None:
            raise NotFoundError("bundle", named, _REMEDY)
        return found

    def _with_names(self, key: str) -> BundleRecord:
        names = tuple(sorted(name for name, of in self._names.items() if of == key))
        return replace(self._records[key], names=names)


def _found(connection: Connection, named: str) -> str:
    n = bundle_names.c
    known = {
        row.name: row.bundle_hash for row in connection.execute(select(n.name, n.bundle_hash).where(n.name == named))
    }
    like = select(bundles.c.bundle_hash).where(bundles.c.bundle_hash.startswith(named, autoescape=True)).limit(2)
    found = chosen_of(known, list(connection.execute(like).scalars().all()), named)
    if found is None:
        raise NotFoundError("bundle", named, _REMEDY)
    return found


def _record(connection: Connection, key: str) -> BundleRecord:
    row = connection.execute(select(bundles).where(bundles.c.bundle_hash == key)).one()
    n = bundle_names.c
    names = connection.execute(select(n.name).where(n.bundle_hash == key).order_by(n.name)).scalars().all()
    try:
        manifest = Manifest.from_json(row.manifest)
    except StrategyError as error:
        raise _damaged(key) from error
    if manifest.bundle_hash != key:
        raise _damaged(key)
    return BundleRecord(manifest, tuple(names), row.n_bytes, row.published_at)


def _verified(data: bytes, key: str) -> Bundle:
    try:
        bundle = Bundle.unpack(data)
    except StrategyError as error:
        raise _damaged(key) from error
    if bundle.bundle_hash != key:
        raise _damaged(key)
    return bundle


def _damaged(key: str) -> StorageError:
    return StorageError(f"bundle {key[:12]} in the database does not match its hash. Publish it again.")


def _refuse_if_used(key: str, backtest_ids: list[str]) -> None:
    if backtest_ids:
        raise StateError(
            f"bundle {key[:12]} is used by {len(backtest_ids)} backtest(s), {backtest_ids[0][:8]} among them: delete "
            "those first"
        )
