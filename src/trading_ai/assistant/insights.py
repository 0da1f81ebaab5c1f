"""What matters in an optimization, without a question: tests with stated thresholds, ranked, each with its evidence."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Desk
from trading_ai.assistant.drafts import Draft, Statement, column, quoted
from trading_ai.assistant.insight_tests import COLUMNS, TESTS
from trading_ai.assistant.trial_sql import searched_columns
from trading_ai.errors import QueryError


@dataclass(frozen=True)
class Insight:
    """What one test found.

    Attributes:
        name: of the test.
        weight: 0 where it found nothing to say, else above: how much it matters, 1 for what overthrows the result.
        threshold: what was asked, in words.
        statements: the finding, sentence by sentence.
        next: what to do.
    """

    name: str
    weight: float
    threshold: str
    statements: tuple[Statement, ...]
    next: tuple[str, ...]


def insights(run: Run, desk: Desk, draft: Draft) -> list[Insight]:
    """Run every test over an optimization.

    Args:
        run: the optimization.
        desk: what is stored.
        draft: gets the queries that the tests rest on.

    Returns:
        What each test found, the weightiest first; those that found nothing have weight 0, those that lack what they
        need are left out.
    """
    found = []
    with suppress(QueryError):  # of what was made elsewhere, some columns may be missing
        columns = ", ".join(column(name) for name in (*searched_columns(run), *COLUMNS))
        desk.sql.ask(f"select rank, score, {columns} from trials({quoted(run.run_id)}) where rank = 1", 1)
    for name, threshold, test in TESTS:
        one = _run(name, threshold, test, run, desk, draft)
        if one is not None:
            found.append(one)
    return sorted(found, key=lambda insight: -insight.weight)


def _run(
    name: str, threshold: str, test: Callable[[Run, Run, Draft], float | None], run: Run, desk: Desk, draft: Draft
) -> Insight | None:
    n_said, n_next, n_cited = len(draft.statements), len(draft.next), len(draft.citations)
    try:
        weight = test(run, desk.base(run), draft)
    except QueryError:  # the trials lack a column that it needs, as those made elsewhere do
        weight = None
    said, offered = tuple(draft.statements[n_said:]), tuple(draft.next[n_next:])
    del draft.statements[n_said:], draft.next[n_next:]
    if weight is None:
        del draft.citations[n_cited:]
        return None
    return Insight(name, weight, threshold, said, offered)
