"""Pages of any order of trials, against the whole table put in order."""

from __future__ import annotations

import math
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ai.documents.cursors import Cursor, around, order_of
from trading_ai.errors import ParameterError
from trading_ai.optimization.paging import (
    Key,
    Order,
    groups_of_metric,
    groups_of_ranking,
    n_before,
    places_of,
    window,
)

VALUES = st.sampled_from([-inf, -2.0, -1.5, -0.0, 0.0, 1.0, 1.0, 3.0, nan, inf])


def test_a_metric_is_sorted_with_ties_by_index_and_undefined_last():
    indices, profits = np.array([4, 1, 0, 3, 2]), np.array([2.0, nan, 5.0, 2.0, 9.0])

    def sorted_by(offset, limit, *, descending):
        groups, values = groups_of_metric(profits, descending=descending)
        return indices[places_of(groups, values, indices, offset, limit)].tolist()

    assert sorted_by(0, 10, descending=False) == [3, 4, 0, 2, 1]
    assert sorted_by(0, 10, descending=True) == [2, 0, 3, 4, 1]
    assert sorted_by(0, 2, descending=True) == [2, 0]
    assert sorted_by(1, 2, descending=True) == [0, 3]
    assert sorted_by(4, 2, descending=True) == [1]
    assert sorted_by(5, 2, descending=True) == []


def test_a_ranking_has_the_ruined_last():
    keys = np.array([-3.0, nan, inf, -9.0, -1.0, nan, inf, -3.0, -inf])
    broken = np.array([0, 0, 0, 1, 0, 1, 1, 0, 0], dtype=np.uint8)
    indices = np.array([7, 1, 2, 3, 4, 5, 6, 0, 8])
    groups, values = groups_of_ranking(keys, broken)
    # Minus infinity that holds the constraints is a score like any other; that breaks them is a ruined account's.
    assert indices[places_of(groups, values, indices, 0, 9)].tolist() == [8, 0, 7, 4, 2, 1, 3, 5, 6]


@given(
    trials=st.lists(st.tuples(VALUES, st.booleans()), min_size=1, max_size=40),
    offset=st.integers(0, 45),
    limit=st.integers(1, 45),
    seed=st.integers(0, 9),
    descending=st.booleans(),
    ranking=st.booleans(),
)
def test_every_page_is_a_part_of_the_whole_table(trials, offset, limit, seed, descending, ranking):
    indices = np.random.default_rng(seed).permutation(len(trials)).astype(np.int64)
    column = np.array([value for value, _ in trials])
    if ranking:
        groups, values = groups_of_ranking(column, np.array([broken for _, broken in trials], dtype=np.uint8))
    else:
        groups, values = groups_of_metric(column, descending=descending)
    whole = np.lexsort((indices, values, groups))
    assert places_of(groups, values, indices, offset, limit).tolist() == whole[offset : offset + limit].tolist()
    keys = [Key(int(groups[i]), float(values[i]), int(indices[i])) for i in whole]
    for place, key in enumerate(keys):
        assert n_before(groups, values, indices, key) == place
        assert window(groups, values, indices, limit, 0, key, None) == (place + 1, limit)
        assert window(groups, values, indices, limit, 0, None, key) == (max(place - limit, 0), min(place, limit))


def test_a_key_that_is_nobodys_lies_between_two_trials():
    groups, values = groups_of_metric(np.array([1.0, 2.0, 4.0]), descending=False)
    between = Key(0, 3.0, 9)
    assert window(groups, values, np.arange(3), 5, 0, between, None) == (2, 5)
    assert window(groups, values, np.arange(3), 5, 0, None, between) == (0, 2)


# --- cursors ----------------------------------------------------------------------------------------------


@given(
    table=st.sampled_from(["", "net_profit", "-sharpe_ratio", "pareto front"]),
    direction=st.sampled_from(["after", "before"]),
    group=st.integers(0, 4),
    value=st.floats(allow_nan=False),
    index=st.integers(0, 2**63 - 1),
)
def test_cursors_come_back(table, direction, group, value, index):
    made = Cursor(table, direction, Key(group, value, index))
    assert set(str(made)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    assert len(str(made)) <= 300
    read = Cursor.parse(str(made), table)
    assert read == made
    assert math.copysign(1.0, read.key.value) == math.copysign(1.0, value)
    with pytest.raises(ParameterError, match="sorted by"):
        Cursor.parse(str(made), "another")


@given(st.text("ABCabc0189_-", max_size=40))
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(ParameterError, match="cursor"):
        Cursor.parse(text, "")


@pytest.mark.parametrize(
    "content",
    [
        '["","a",9,"0x0p+0",1]', '["","a",-1,"0x0p+0",1]', '["","a",0,"nan",1]', '["","a",0,"0x0p+0",-1]',
        '["","a",0,"0x0p+0",9223372036854775808]', '["","x",0,"0x0p+0",1]', '["","a",0.5,"0x0p+0",1]',
        '["","a",true,"0x0p+0",1]', '["","a",0,1,1]', '["","a",0,"0x0p+0"]', "[]", "{}", "1", "null",
        '["",["a"],0,"0x0p+0",1]', '["","a",0,"0x1p+99999",1]',
    ],
)  # fmt: skip
def test_impossible_cursors_are_refused(content):
    import base64

    text = base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")
    with pytest.raises(ParameterError, match="cursor"):
        Cursor.parse(text, "")


def test_there_is_nothing_before_the_first_page_and_after_the_last():
    keys = (Key(0, 1.0, 1), Key(0, 2.0, 2))
    assert around("", None, 0, 0, 0) == (None, None)
    assert around("", keys, 0, 2, 2) == (None, None)
    assert around("", keys, 0, 2, 3) == (None, str(Cursor("", "after", keys[1])))
    assert around("", keys, 1, 2, 3) == (str(Cursor("", "before", keys[0])), None)


def test_orders():
    assert order_of(None) == Order()
    assert order_of("sqn") == Order("sqn")
    assert order_of("-sqn") == Order("sqn", descending=True)
