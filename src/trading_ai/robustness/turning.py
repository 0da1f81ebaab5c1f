"""What would change a verdict: the criteria that would have to hold, or to fail, for other words."""

from __future__ import annotations

from dataclasses import dataclass

from trading_ai.robustness.verdict import LUCK, Thresholds, Verdict, Words


@dataclass(frozen=True)
class Turn:
    """What it takes for another verdict.

    Attributes:
        to: the other verdict.
        holds: whether the criteria named would have to hold; otherwise to fail.
        every: criteria of which each one would.
        n_of: how many of `some` would besides.
        some: further criteria of which that many would.
        is_either: whether one of `every` is enough, or `n_of` of `some`; otherwise all of that.
    """

    to: Words
    holds: bool
    every: tuple[str, ...] = ()
    n_of: int = 0
    some: tuple[str, ...] = ()
    is_either: bool = False


def turns_of(verdict: Verdict, thresholds: Thresholds | None = None) -> tuple[Turn, ...]:
    """What it takes for each neighbouring verdict, by the rules of `verdict.judge`.

    Args:
        verdict: the verdict.
        thresholds: those that it was judged by; None: the defaults.
    """
    most = (thresholds or Thresholds()).max_failed
    required = [c for c in verdict.criteria if c.required]
    others = [c for c in verdict.criteria if not c.required]
    lost = tuple(c.name for c in others if not c.holds)
    kept = tuple(c.name for c in others if c.holds)
    if verdict.words == "survives":
        n_more = most - len(lost) + 1
        some = kept if n_more <= len(kept) else ()
        every = tuple(c.name for c in required)
        return (Turn("fragile", holds=False, every=every, n_of=n_more if some else 0, some=some, is_either=True),)
    every = tuple(c.name for c in required if not c.holds)
    n_more = max(len(lost) - most, 0)
    better = Turn("survives", holds=True, every=every, n_of=n_more, some=lost if n_more else ())
    lucky = tuple(c.name for c in verdict.criteria if c.name in LUCK and not c.holds)
    least = len(LUCK) // 2 + 1  # of the criteria about luck, that keep it from being luck
    if verdict.words == "likely luck":
        n_luck = sum(c.holds for c in verdict.criteria if c.name in LUCK)
        return Turn("fragile", holds=True, n_of=least - n_luck, some=lucky), better
    held = tuple(c.name for c in verdict.criteria if c.name in LUCK and c.holds)
    return better, Turn("likely luck", holds=False, n_of=len(held) - least + 1, some=held)
