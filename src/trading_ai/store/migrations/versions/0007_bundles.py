"""Strategies are published."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make their tables: bundles, the names that stand for them, and their archives in pieces."""
    op.create_table(
        "bundles",
        sa.Column("bundle_hash", sa.Text, primary_key=True),
        sa.Column("manifest", sa.Text, nullable=False),
        sa.Column("n_bytes", sa.BigInteger, nullable=False),
        sa.Column("published_at", sa.Float(53), nullable=False),
    )
    whose = sa.ForeignKey("bundles.bundle_hash", ondelete="CASCADE")
    op.create_table(
        "bundle_names",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("bundle_hash", sa.Text, whose, nullable=False, index=True),
    )
    op.create_table(
        "bundle_parts",
        sa.Column("bundle_hash", sa.Text, sa.ForeignKey("bundles.bundle_hash", ondelete="CASCADE"), primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
