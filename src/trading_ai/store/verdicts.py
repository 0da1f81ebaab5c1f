"""Verdicts in the database, one row for each trial that was judged."""

from __future__ import annotations

import math
from dataclasses import asdict

from sqlalchemy import select
from typing_extensions import override

from trading_ai.optimization.verdicts import KeptCriterion, VerdictRecord, Verdicts
from trading_ai.store import codec
from trading_ai.store.database import Database
from trading_ai.store.tables import optimizations, verdicts


class SqlVerdicts(Verdicts):
    """Verdicts on a SQL database.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._read, self._write, self._insert = database.read, database.write, database.insert

    @override
    def keep(self, record: VerdictRecord) -> None:
        with self._write() as connection:
            o = optimizations.c
            key = connection.execute(select(o.id).where(o.optimization_id == record.optimization_id)).scalar()
            if key is None:
                return
            criteria = [asdict(c) | {"value": c.value if math.isfinite(c.value) else None} for c in record.criteria]
            said = {
                "trial_rank": record.rank,
                "parameters": codec.dump(dict(record.parameters)),
                "words": record.words,
                "judged_at": record.judged_at,
                "criteria": codec.dump(criteria),
            }
            insert = self._insert(verdicts).values(optimization=key, combination_index=record.combination_index, **said)
            # Several may judge one trial at once: the last one counts.
            places = ["optimization", "combination_index"]
            connection.execute(insert.on_conflict_do_update(index_elements=places, set_=said))

    @override
    def all(self) -> list[VerdictRecord]:
        joined = verdicts.join(optimizations, verdicts.c.optimization == optimizations.c.id)
        chosen = select(verdicts, optimizations.c.optimization_id).select_from(joined)
        with self._read() as connection:
            rows = connection.execute(chosen.order_by(verdicts.c.judged_at.desc())).all()
        return [
            VerdictRecord(
                optimization_id=row.optimization_id,
                combination_index=row.combination_index,
                rank=row.trial_rank,
                parameters=codec.load(row.parameters),
                words=row.words,
                judged_at=row.judged_at,
                criteria=tuple(
                    KeptCriterion(**{**c, "value": math.nan if c["value"] is None else c["value"]})
                    for c in codec.load(row.criteria)
                ),
            )
            for row in rows
        ]
