"""Notes are kept, and vectors of what is stored."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "notes",
        sa.Column("note_id", sa.Text, primary_key=True),
        sa.Column("backtest", _SERIAL, sa.ForeignKey("backtests.id", ondelete="CASCADE"), index=True),
        sa.Column("optimization", _SERIAL, sa.ForeignKey("optimizations.id", ondelete="CASCADE"), index=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.CheckConstraint("(backtest IS NULL) <> (optimization IS NULL)", name="a_note_is_about_one_run"),
    )
    op.create_table(
        "passage_vectors",
        sa.Column("embedder", sa.Text, primary_key=True),
        sa.Column("passage_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )
