"""What the neighbours of an optimization's best trial reach."""

from __future__ import annotations

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.drafts import Citation, Draft, column, quoted
from trading_ai.assistant.trial_sql import parameter_column


def neighbours(run: Run, draft: Draft) -> Citation:
    """What the neighbours of the winner reach: trials whose every parameter is within two steps of its own."""
    parameters = [parameter_column(name) for name in run.searched]
    key = quoted(run.run_id)
    near = []
    for name, axis in run.searched.items():
        p = column(parameter_column(name))
        step = axis.get("step")
        if isinstance(step, int | float) and step > 0:
            near.append(f"abs(t.{p} - w.{p}) <= {2 * step:g}")
        else:
            near.append(f"t.{p} = w.{p}")
    return draft.query(
        f"with w as (select {', '.join(column(p) for p in parameters)}, score, combination_index from trials({key}) "
        f"where rank = 1) "
        "select count(*) as n_neighbours, median(t.score) as median_score, any_value(w.score) as best_score, "
        "median(t.score) / nullif(any_value(w.score), 0) as share_kept, 100.0 * count(*) filter (where t.net_profit "
        "> 0) / "
        f"nullif(count(*), 0) as profitable_percent from trials({key}) t, w where t.combination_index <> "
        f"w.combination_index and "
        f"t.error is null and {' and '.join(near)}",
        {
            "n_neighbours": "trials",
            "median_score": "ratio",
            "best_score": "ratio",
            "share_kept": "share",
            "profitable_percent": "%",
        },
    )
