"""Datasets, backtests, optimizations, trials and daily profits."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "datasets",
        sa.Column("id", _SERIAL, primary_key=True),
        sa.Column("dataset_id", sa.Text, nullable=False, unique=True),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("timeframe", sa.Text, nullable=False),
        sa.Column("n_bars", sa.BigInteger, nullable=False),
        sa.Column("first_ns", sa.BigInteger, nullable=False),
        sa.Column("last_ns", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("detected", sa.Text, nullable=False),
        sa.Column("quality", sa.Text, nullable=False),
    )
    op.create_table(
        "backtests",
        sa.Column("id", _SERIAL, primary_key=True),
        sa.Column("backtest_id", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("timeframe", sa.Text, nullable=False),
        sa.Column("strategy_hash", sa.Text, nullable=False),
        sa.Column("engine_version", sa.Text, nullable=False),
        sa.Column("metrics", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
    )
    op.create_index("ix_backtests_dataset_id", "backtests", ["dataset_id"])
    op.create_table(
        "optimizations",
        sa.Column("id", _SERIAL, primary_key=True),
        sa.Column("optimization_id", sa.Text, nullable=False, unique=True),
        sa.Column("backtest_id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("metric_names", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("n_total", sa.BigInteger, nullable=False),
        sa.Column("n_completed", sa.BigInteger, nullable=False),
        sa.Column("n_failed", sa.BigInteger, nullable=False),
        sa.Column("strategy_hash", sa.Text, nullable=False),
        sa.Column("engine_version", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("started_at", sa.Float(53)),
        sa.Column("finished_at", sa.Float(53)),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_expires_at", sa.Float(53)),
    )
    op.create_index("ix_optimizations_backtest_id", "optimizations", ["backtest_id"])
    op.create_index("ix_optimizations_dataset_id", "optimizations", ["dataset_id"])
    for name, columns in (
        (
            "trial_blocks",
            (
                sa.Column("last_index", sa.BigInteger, nullable=False),
                sa.Column("indices", sa.LargeBinary, nullable=False),
                sa.Column("sort_keys", sa.LargeBinary, nullable=False),
                sa.Column("infeasible", sa.LargeBinary, nullable=False),
                sa.Column("errors", sa.Text),
            ),
        ),
        ("trial_metrics", (sa.Column("metrics", sa.LargeBinary, nullable=False),)),
        ("daily_profits", (sa.Column("profits", sa.LargeBinary, nullable=False),)),
    ):
        parent = sa.ForeignKey("optimizations.id", ondelete="CASCADE")
        op.create_table(
            name,
            sa.Column("optimization", _SERIAL, parent, primary_key=True, autoincrement=False),
            sa.Column("first_index", sa.BigInteger, primary_key=True, autoincrement=False),
            *columns,
        )
    if op.get_bind().dialect.name == "postgresql":
        # Compressing numbers costs three times as long as storing them, and saves little; profits are compressed.
        op.execute("ALTER TABLE trial_metrics ALTER COLUMN metrics SET STORAGE EXTERNAL")
        op.execute("ALTER TABLE daily_profits ALTER COLUMN profits SET STORAGE EXTERNAL")
