"""Work that many machines share: chunks, roles, workers, API keys, files; best trial and priority."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add columns and tables; nothing that is there changes."""
    op.add_column("optimizations", sa.Column("priority", sa.Integer, nullable=False, server_default="5"))
    op.add_column("optimizations", sa.Column("request_key", sa.Text))
    op.add_column("optimizations", sa.Column("best_index", sa.BigInteger))
    op.add_column("optimizations", sa.Column("best_score", sa.Float(53)))
    op.add_column("optimizations", sa.Column("busy_seconds", sa.Float(53), nullable=False, server_default="0"))
    op.create_index("ix_optimizations_request_key", "optimizations", ["request_key"], unique=True)
    op.create_table(
        "chunks",
        sa.Column("id", _SERIAL, primary_key=True),
        sa.Column("optimization", _SERIAL, sa.ForeignKey("optimizations.id", ondelete="CASCADE"), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("stop", sa.BigInteger, nullable=False),
        sa.Column("indices", sa.LargeBinary, nullable=False),
        sa.Column("n_kills", sa.Integer, nullable=False),
        sa.Column("suspect", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("lease_expires_at", sa.Float(53)),
        sa.Column("queued_at", sa.Float(53), nullable=False),
        sa.Column("announced_at", sa.Float(53), nullable=False),
    )
    op.create_index("ix_chunks_optimization", "chunks", ["optimization"])
    op.create_table(
        "roles",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
    )
    op.create_table(
        "workers",
        sa.Column("worker_id", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("pool_size", sa.Integer, nullable=False),
        sa.Column("n_processed", sa.BigInteger, nullable=False),
        sa.Column("n_failed", sa.BigInteger, nullable=False),
        sa.Column("busy_seconds", sa.Float(53), nullable=False),
        sa.Column("memory_bytes", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.Float(53), nullable=False),
        sa.Column("heartbeat_at", sa.Float(53), nullable=False),
    )
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("revoked_at", sa.Float(53)),
    )
    op.create_table(
        "file_parts",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
