"""What deleted runs tried; when a dataset was last imported; which study a backtest or an optimization is a part of."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the table and the columns; parts of walk-forwards were known by their names until now."""
    op.create_table(
        "tried",
        sa.Column("id", _SERIAL, primary_key=True),
        sa.Column("tried", sa.Text, nullable=False),
        sa.Column("indices", sa.LargeBinary, nullable=False),
    )
    op.add_column("datasets", sa.Column("asked_at", sa.Float(53), nullable=False, server_default="0"))
    op.execute("UPDATE datasets SET asked_at = created_at")
    for table in ("backtests", "optimizations"):
        op.add_column(table, sa.Column("part_of", sa.Text, nullable=False, server_default=""))
        # "walk-forward 2019-01-01..2020-01-01 of 1234abcd": all of one backtest are shown as one.
        op.execute(
            f"UPDATE {table} SET part_of = 'walk-forward of ' || substr(name, length(name) - 7) "
            "WHERE name LIKE 'walk-forward % of ________'"
        )
