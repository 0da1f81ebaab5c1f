"""Chunks say which engine, strategy and data they are of; workers say which engine they have and what they refuse."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the chunks anew: none is lost, what is left of an optimization follows from its trials.

    A worker of an older version, which does not look at what a chunk is of, can no longer take one: it does not say
    which engine it has, and the table demands that of whoever owns a chunk.
    """
    op.drop_table("chunks")
    op.create_table(
        "chunks",
        sa.Column("id", _SERIAL, primary_key=True),
        sa.Column("optimization", _SERIAL, sa.ForeignKey("optimizations.id", ondelete="CASCADE"), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("stop", sa.BigInteger, nullable=False),
        sa.Column("indices", sa.LargeBinary, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("n_kills", sa.Integer, nullable=False),
        sa.Column("suspect", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("owner_engine", sa.Text),
        sa.Column("lease_expires_at", sa.Float(53)),
        sa.Column("queued_at", sa.Float(53), nullable=False),
        sa.Column("announced_at", sa.Float(53), nullable=False),
        sa.CheckConstraint("owner IS NULL OR owner_engine IS NOT NULL", name="an_owner_says_its_engine"),
    )
    op.create_index("ix_chunks_optimization", "chunks", ["optimization"])
    op.add_column("workers", sa.Column("engine_version", sa.Text, nullable=False, server_default=""))
    op.add_column("workers", sa.Column("ready_at", sa.Float(53)))
    op.create_table(
        "refusals",
        sa.Column("optimization", _SERIAL, sa.ForeignKey("optimizations.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("worker_id", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("refused_at", sa.Float(53), nullable=False),
    )
