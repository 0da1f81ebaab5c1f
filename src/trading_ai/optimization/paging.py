"""Pages of a table of trials in some order: which trials stand on one, and where a page begins that follows a trial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.optimization.records import TrialPage

Places = npt.NDArray[np.intp]
Groups = npt.NDArray[np.uint8]

N_GROUPS = 5
"""Of a ranking: constraints held, score undefined, constraints broken, both, and last of all ruined accounts."""


@dataclass(frozen=True)
class Key:
    """Where a trial stands in an order: groups come one after the other, within one smaller keys first, ties by index.

    Attributes:
        group: 0 for the first, below `N_GROUPS`.
        value: what its group is ordered by; 0.0 where that is undefined.
        index: combination index.
    """

    group: int
    value: float
    index: int


@dataclass(frozen=True)
class Order:
    """What a table is ordered by.

    Attributes:
        metric: a metric, trials where it is undefined last; None for the ranking: constraints held first, then by the
            objective, undefined after, ruined accounts last.
        descending: whether the largest comes first; of a metric only.
    """

    metric: str | None = None
    descending: bool = False


@dataclass(frozen=True, eq=False)
class Slice:
    """A page of an order.

    Attributes:
        trials: the trials, in order.
        offset: trials before the first of them.
        keys: keys of its first and its last trial; None of an empty page.
        total: trials in all pages together.
    """

    trials: TrialPage
    offset: int
    keys: tuple[Key, Key] | None
    total: int


def groups_of_ranking(keys: Floats, infeasible: npt.NDArray[np.uint8]) -> tuple[Groups, Floats]:
    """Group and value of each trial of a ranking.

    Args:
        keys: smaller is better, NaN where undefined, shape (n,).
        infeasible: 0 where the constraints hold, shape (n,); a ruined account holds none and has an infinite key.
    """
    undefined, broken = np.isnan(keys), infeasible != 0
    ruined = broken & np.isposinf(keys)
    groups = np.where(ruined, 4, 2 * broken.astype(np.uint8) + undefined).astype(np.uint8)
    return groups, np.where(undefined | ruined, 0.0, keys)


def groups_of_metric(values: Floats, *, descending: bool) -> tuple[Groups, Floats]:
    """Group and value of each trial of a table sorted by a metric, shape (n,): undefined ones come last."""
    undefined = np.isnan(values)
    return undefined.astype(np.uint8), np.where(undefined, 0.0, -values if descending else values)


def places_of(groups: Groups, values: Floats, indices: Indices, offset: int, limit: int) -> Places:
    """Positions of the trials that stand at `offset` to `offset + limit` of an order; nothing more is sorted.

    Args:
        groups: shape (n,).
        values: finite or infinite, shape (n,).
        indices: combination indices, all different, shape (n,).
        offset: trials to pass over.
        limit: trials wanted.
    """
    found: list[Places] = []
    first = 0  # place of the group's first trial
    for group in range(N_GROUPS):
        members = np.flatnonzero(groups == group)
        start, stop = max(offset - first, 0), min(offset + limit - first, members.size)
        first += members.size
        if start < stop:
            found.append(members[_within(values[members], indices, members, start, stop)])
    return np.concatenate(found) if found else np.empty(0, dtype=np.intp)


def _within(values: Floats, indices: Indices, members: Places, start: int, stop: int) -> Places:
    """Positions among the members of a group of those that stand at `start` to `stop` of it."""
    part = np.partition(values, sorted({start, stop - 1}))
    low, high = part[start], part[stop - 1]
    del part
    below = int(np.count_nonzero(values < low))
    lowest = np.flatnonzero(values == low)
    if low == high:
        return _by_index(lowest, indices[members[lowest]], start - below, stop - below)
    between = np.flatnonzero((values > low) & (values < high))
    between = between[np.lexsort((indices[members[between]], values[between]))]
    begin = _by_index(lowest, indices[members[lowest]], start - below, lowest.size)
    highest = np.flatnonzero(values == high)
    end = _by_index(highest, indices[members[highest]], 0, stop - below - lowest.size - between.size)
    return np.concatenate((begin, between, end))


def _by_index(places: Places, indices: Indices, start: int, stop: int) -> Places:
    """Those of equal trials that stand at `start` to `stop`, by index."""
    if start == 0 and stop == places.size:
        return places[np.argsort(indices)]
    nearest = np.argpartition(indices, sorted({start, stop - 1}))[start:stop]
    return places[nearest[np.argsort(indices[nearest])]]


def n_before(groups: Groups, values: Floats, indices: Indices, key: Key) -> int:
    """How many trials stand before a key."""
    here = groups == key.group
    smaller = here & (values < key.value)
    equal = here & (values == key.value) & (indices < key.index)
    return int(np.count_nonzero(groups < key.group) + np.count_nonzero(smaller) + np.count_nonzero(equal))


def holds(groups: Groups, values: Floats, indices: Indices, key: Key) -> bool:
    """Whether a trial stands exactly at a key."""
    return bool(((groups == key.group) & (values == key.value) & (indices == key.index)).any())


def window(
    groups: Groups, values: Floats, indices: Indices, limit: int, offset: int, after: Key | None, before: Key | None
) -> tuple[int, int]:
    """Offset and length of a page that begins at an offset, after a key, or ends before one."""
    if after is not None:
        offset = n_before(groups, values, indices, after) + holds(groups, values, indices, after)
    elif before is not None:
        end = n_before(groups, values, indices, before)
        offset = max(end - limit, 0)
        limit = end - offset
    return offset, limit
