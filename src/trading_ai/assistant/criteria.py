"""What the criteria of a verdict mean, and by which words they are asked for."""

from __future__ import annotations

from trading_ai.robustness.verdict import Evidence, Thresholds, judge

CRITERIA: dict[str, str] = {
    c.name: c.explanation.rpartition(": ")[0].rpartition(":")[0] or c.explanation
    for c in judge(Evidence(plateau=0.0, break_even_factor=0.0, n_trades=0.0), Thresholds()).criteria
}
"""Each criterion with what its number is, in the words of the verdict itself."""

OF_CUES = {
    "dsr": "deflated_sharpe",
    "spa": "reality_check_p",
    "pbo": "overfitting_probability",
    "look_ahead": "look_ahead",
    "hold_out": "hold_out_profit",
    "loss_probability": "loss_probability",
    "expected_max": "losing_paths",
    "breakeven": "break_even_factor",
    "plateau": "plateau",
    "efficiency": "walk_forward_efficiency",
    "windows_profit": "walk_forward_profit",
    "window_sizes": "walk_forward_sizes",
    "overfit_loss": "overfitting_loss",
}
"""Criteria by the cues of the lexicon."""
