"""The best key of each block of trials, for the first pages of a ranking; the number of trials that were copied."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; blocks that are there have no best key, and are read for every page as before."""
    op.add_column("trial_blocks", sa.Column("best_key", sa.Float(53)))
    op.create_index("ix_trial_blocks_best", "trial_blocks", ["optimization", "best_key"])
    op.add_column("optimizations", sa.Column("n_reused", sa.BigInteger, nullable=False, server_default="0"))
