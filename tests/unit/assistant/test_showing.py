"""Cells as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from trading_ai.assistant.drafts import Citation, Draft, Statement, column, quoted
from trading_ai.assistant.ports import Rows, Sql
from trading_ai.assistant.showing import harmless, shown


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "%", "undefined"),
        (1234.5, "account currency", "1,234.50 USD"),
        (-0.004, "account currency", "0.00 USD"),
        (12.345, "%", "12.35 %"),
        (0.123, "share", "12.3 %"),
        (1.234, "ratio", "1.23"),
        (2.0, "ratio", "2.00"),
        (0.04055, "ratio", "0.0406"),
        (1234567, "trades", "1,234,567"),
        (3.0, "trades", "3"),
        (5, "weekday", "Friday"),
        (3, "month", "March"),
        (7, "hour", "07:00"),
        (40.0, "plain", "40"),
        (True, "", "yes"),
        (date(2017, 1, 2), "", "2017-01-02"),
        (datetime(2017, 1, 2, 10, 30, tzinfo=UTC), "", "2017-01-02 10:30 UTC"),
        ("a\x1b[31mb\nc", "name", '"a [31mb c"'),
    ],
)
def test_a_cell_is_shown_with_its_unit(value: object, unit: str, text: str) -> None:
    assert shown(value, unit, "USD") == text


def test_a_long_text_is_cut() -> None:
    assert harmless("x" * 500) == "x" * 120 + "…"


class Nothing(Sql):
    """Answers one row."""

    def ask(self, sql: str, max_rows: int) -> Rows:
        return Rows(("name", "n_trades"), (("{c1.r0.n_trades}", 3),), truncated=False, data_version="v")


def test_a_text_that_looks_like_a_cell_stays_a_text() -> None:
    draft = Draft(Nothing())
    found = draft.query("select 1", {"n_trades": "trades", "name": "name"})
    draft.say("{a} has {n}.", a=found.cell(0, "name"), n=found.cell(0, "n_trades"))
    (statement,) = draft.statements
    assert statement.text == '"{c1.r0.n_trades}" has 3.'
    assert statement.cells == ("c1.r0.name", "c1.r0.n_trades")


def test_a_sentence_follows_its_query_to_another_number() -> None:
    statement = Statement("It is {c1.r0.a} of {c2.r1.b}.", {"c1.r0.a": "1", "c2.r1.b": "2"})
    renamed = statement.renamed({"c1": "c3", "c2": "c4"})
    assert renamed.template == "It is {c3.r0.a} of {c4.r1.b}."
    assert renamed.text == statement.text


def test_money_is_of_the_currency_of_its_row() -> None:
    rows = Rows(("account_currency", "net_profit"), (("EUR", 1.0), ("USD", 2.0)), truncated=False, data_version="v")
    citation = Citation("c1", "select 1", rows)
    assert citation.cell(0, "net_profit").text == "1.00 EUR"
    assert citation.cell(1, "net_profit").text == "2.00 USD"


def test_texts_and_columns_are_quoted_for_sql() -> None:
    assert quoted("it's; --") == "'it''s; --'"
    assert column("net_profit") == "net_profit"
    assert column('a"b c') == '"a""b c"'
    assert column("order") == '"order"'
