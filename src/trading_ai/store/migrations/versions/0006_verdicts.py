"""Verdicts are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make their table; what was judged before was not kept."""
    op.create_table(
        "verdicts",
        sa.Column("optimization", _SERIAL, sa.ForeignKey("optimizations.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("combination_index", sa.BigInteger, primary_key=True),
        sa.Column("trial_rank", sa.BigInteger, nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("judged_at", sa.Float(53), nullable=False),
        sa.Column("criteria", sa.Text, nullable=False),
    )
