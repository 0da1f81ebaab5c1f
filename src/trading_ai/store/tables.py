"""The tables, for SQLite and PostgreSQL alike; `migrations` creates them step by step. Blobs are little-endian."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()

# SQLite numbers rows itself only in a column that is exactly INTEGER PRIMARY KEY.
_SERIAL = BigInteger().with_variant(Integer, "sqlite")

datasets = Table(
    "datasets",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("dataset_id", Text, nullable=False, unique=True),  # content hash
    Column("symbol", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("n_bars", BigInteger, nullable=False),
    Column("first_ns", BigInteger, nullable=False),
    Column("last_ns", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("detected", Text, nullable=False),  # JSON
    Column("quality", Text, nullable=False),  # JSON
    Column("asked_at", Float(53), nullable=False, server_default="0"),  # when it was last imported
)

backtests = Table(
    "backtests",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("backtest_id", Text, nullable=False, unique=True),  # UUID
    Column("name", Text, nullable=False),
    Column("dataset_id", Text, nullable=False, index=True),
    Column("spec", Text, nullable=False),  # JSON
    Column("symbol", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("strategy_hash", Text, nullable=False),
    Column("engine_version", Text, nullable=False),
    Column("metrics", Text, nullable=False),  # JSON, null where undefined
    Column("created_at", Float(53), nullable=False),
    Column("part_of", Text, nullable=False, server_default=""),  # the study that made it, "" for a user's own
)

optimizations = Table(
    "optimizations",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("optimization_id", Text, nullable=False, unique=True),  # UUID
    Column("backtest_id", Text, nullable=False, index=True),
    Column("dataset_id", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("spec", Text, nullable=False),  # JSON
    Column("metric_names", Text, nullable=False),  # JSON: the columns of its trials' metrics
    Column("status", Text, nullable=False),
    Column("n_total", BigInteger, nullable=False),
    Column("n_completed", BigInteger, nullable=False),
    Column("n_failed", BigInteger, nullable=False),
    Column("strategy_hash", Text, nullable=False),
    Column("engine_version", Text, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("started_at", Float(53)),
    Column("finished_at", Float(53)),
    Column("seconds", Float(53), nullable=False),
    Column("message", Text, nullable=False),
    Column("lease_owner", Text),
    Column("lease_expires_at", Float(53)),
    Column("priority", Integer, nullable=False, server_default="5"),
    Column("request_key", Text, unique=True, index=True),
    Column("best_index", BigInteger),
    Column("best_score", Float(53)),
    Column("busy_seconds", Float(53), nullable=False, server_default="0"),
    Column("n_reused", BigInteger, nullable=False, server_default="0"),
    Column("part_of", Text, nullable=False, server_default=""),  # the study that made it, "" for a user's own
)

# What deleted optimizations and backtests had tried: the number of trials that a winner is the best of never falls.
# It is written with the deletion; what runs that are still there tried is read from their trials.
tried = Table(
    "tried",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("tried", Text, nullable=False),  # JSON: backtest, strategy's hash, timeframe, space, spans by symbol
    Column("indices", LargeBinary, nullable=False),  # int64 differences, zlib
)

# Trials are kept in blocks, column by column: a row for each would cost ten times the time and twice the space.
# That each combination has one trial is ensured when a block is written, under the optimization's lock.
trial_blocks = Table(
    "trial_blocks",
    metadata,
    Column("optimization", ForeignKey("optimizations.id", ondelete="CASCADE"), primary_key=True),
    Column("first_index", BigInteger, primary_key=True),
    Column("last_index", BigInteger, nullable=False),
    Column("indices", LargeBinary, nullable=False),  # int64, ascending
    Column("sort_keys", LargeBinary, nullable=False),  # float64, smaller ranks first, NaN where undefined
    Column("infeasible", LargeBinary, nullable=False),  # uint8, 0 where the constraints hold
    Column("errors", Text),  # JSON: error text by index, of trials that failed
    # Smallest sort key of those that hold the constraints, infinite without one; null in blocks of older versions
    Column("best_key", Float(53)),
    Index("ix_trial_blocks_best", "optimization", "best_key"),
)

trial_metrics = Table(
    "trial_metrics",
    metadata,
    Column("optimization", ForeignKey("optimizations.id", ondelete="CASCADE"), primary_key=True),
    Column("first_index", BigInteger, primary_key=True),  # of the block
    Column("metrics", LargeBinary, nullable=False),  # float64 rows, columns as the optimization says
)

daily_profits = Table(
    "daily_profits",
    metadata,
    Column("optimization", ForeignKey("optimizations.id", ondelete="CASCADE"), primary_key=True),
    Column("first_index", BigInteger, primary_key=True),  # of the block
    Column("profits", LargeBinary, nullable=False),  # float32 rows, zlib
)

# What remains to be done of running optimizations, a window at a time: a chunk's row goes when its trials are stored.
chunks = Table(
    "chunks",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("optimization", ForeignKey("optimizations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("start", BigInteger, nullable=False),  # combinations dispatched before it
    Column("stop", BigInteger, nullable=False),
    Column("indices", LargeBinary, nullable=False),  # int64 differences, zlib
    Column("identity", Text, nullable=False),  # JSON: engine, strategy and data that it must be evaluated with
    Column("n_kills", Integer, nullable=False),  # workers that died, or fell silent, over it
    Column("suspect", Integer, nullable=False),  # 1 for the halves of a chunk that kept killing its workers
    Column("owner", Text),  # the worker that has it; null while it waits
    Column("owner_engine", Text),  # that worker's engine; older workers, which compare none, cannot say it
    Column("lease_expires_at", Float(53)),
    Column("queued_at", Float(53), nullable=False),
    Column("announced_at", Float(53), nullable=False),  # when the broker was last told
    CheckConstraint("owner IS NULL OR owner_engine IS NOT NULL", name="an_owner_says_its_engine"),
)

# Which process does a thing that only one may do at a time.
roles = Table(
    "roles",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("expires_at", Float(53), nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("worker_id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),  # celery or local
    Column("pool_size", Integer, nullable=False),
    Column("n_processed", BigInteger, nullable=False),  # trials
    Column("n_failed", BigInteger, nullable=False),
    Column("busy_seconds", Float(53), nullable=False),
    Column("memory_bytes", BigInteger, nullable=False),
    Column("started_at", Float(53), nullable=False),
    Column("heartbeat_at", Float(53), nullable=False),
    Column("engine_version", Text, nullable=False, server_default=""),
    Column("ready_at", Float(53)),  # when it could take its first chunk; null while it loads and compiles
)

# Which worker cannot evaluate which optimization, and why: another engine, no such strategy.
refusals = Table(
    "refusals",
    metadata,
    Column("optimization", ForeignKey("optimizations.id", ondelete="CASCADE"), primary_key=True),
    Column("worker_id", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("refused_at", Float(53), nullable=False),
)

# What studies said of trials, the last verdict on each.
verdicts = Table(
    "verdicts",
    metadata,
    Column("optimization", ForeignKey("optimizations.id", ondelete="CASCADE"), primary_key=True),
    Column("combination_index", BigInteger, primary_key=True),
    Column("trial_rank", BigInteger, nullable=False),
    Column("parameters", Text, nullable=False),  # JSON
    Column("words", Text, nullable=False),
    Column("judged_at", Float(53), nullable=False),
    Column("criteria", Text, nullable=False),  # JSON, null where undefined
)

# What users note down about a backtest or an optimization, of which a note has exactly one, and goes with it.
notes = Table(
    "notes",
    metadata,
    Column("note_id", Text, primary_key=True),  # UUID
    Column("backtest", ForeignKey("backtests.id", ondelete="CASCADE"), index=True),
    Column("optimization", ForeignKey("optimizations.id", ondelete="CASCADE"), index=True),
    Column("text", Text, nullable=False),
    Column("created_at", Float(53), nullable=False),
    CheckConstraint("(backtest IS NULL) <> (optimization IS NULL)", name="a_note_is_about_one_run"),
)

# Vectors of passages that are made of what is stored; those of the documentation come with the package.
passage_vectors = Table(
    "passage_vectors",
    metadata,
    Column("embedder", Text, primary_key=True),  # model and version: vectors of two are never compared
    Column("passage_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),  # float32, of length 1
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),  # SHA-256 of the key; the key itself is never kept
    Column("scope", Text, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("revoked_at", Float(53)),
)

# Files for workers that share no disk: bars and backtests' arrays, in pieces.
file_parts = Table(
    "file_parts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# Published strategies: their tables of contents, their archives in pieces, and the names that stand for them.
bundles = Table(
    "bundles",
    metadata,
    Column("bundle_hash", Text, primary_key=True),
    Column("manifest", Text, nullable=False),  # JSON
    Column("n_bytes", BigInteger, nullable=False),
    Column("published_at", Float(53), nullable=False),
)

bundle_names = Table(
    "bundle_names",
    metadata,
    Column("name", Text, primary_key=True),
    Column("bundle_hash", ForeignKey("bundles.bundle_hash", ondelete="CASCADE"), nullable=False, index=True),
)

bundle_parts = Table(
    "bundle_parts",
    metadata,
    Column("bundle_hash", ForeignKey("bundles.bundle_hash", ondelete="CASCADE"), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
