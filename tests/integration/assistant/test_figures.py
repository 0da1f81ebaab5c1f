"""Answers whose figures are worked out by hand from `tests.fakes.stored`.

Trades net 10, -4, -6 and 20 from Monday to Thursday, entered at 10:00 and left at 12:00; the second one is short.
Trials net 5, -1, 30, 12, undefined (failed) and 7 (breaks a condition), and score the same; stop_loss is 20, 20, 30,
30, 40, 40.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.integration.assistant.conftest import SECOND_ID
from trading_ai.assistant.answers import Answer
from trading_ai.assistant.asking import Assistant

RUN = "bbbb1111"

CASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("net profit of trades on Tuesday", ("-4.00 USD", "1 trades")),
    ("average profit of long trades", ("8.00 USD", "3 trades")),  # (10 - 6 + 20) / 3
    ("win rate", ("undefined",)),  # the record has none: it is not worked out behind its back
    ("win rate of the trades by direction", ("66.67 %", "0.00 %")),
    ("how many trades were stopped out?", ("2 trades",)),
    ("what percentage of trades hit the take profit", ("25.00 %", "1 of 4")),
    ("profit factor of long trades", ("5.00",)),  # 30 / 6
    ("which weekday loses most?", ("Wednesday", "-6.00 USD")),
    ("net profit without Thursdays", ("0.00 USD", "3 trades")),
    ("net profit of trades between 8 and 12", ("0 trades",)),
    ("net profit of trades entered between 8 and 12", ("20.00 USD", "4 trades")),
    ("net profit in the New York session", ("0 trades",)),
    ("net profit in the London session", ("20.00 USD",)),
    ("how many of my trades did I lose?", ("2 trades",)),
    ("how many trades did I lose on Wednesdays", ("1 trades",)),
    ("how many did I win in January", ("2 trades",)),
    ("the 2 worst trades", ("-6.00 USD", "-4.00 USD")),
    ("longest losing streak", ("is 2", "-10.00 USD", "2017-01-03 10:00 UTC", "2017-01-04 12:00 UTC")),
    ("best day", ("20.00 USD", "2017-01-05")),
    ("how many trading days made a profit?", ("2 of 4", "and 2 a loss")),
    ("when was the max drawdown?", ("10.00 USD", "2017-01-03", "2017-01-05", "2017-01-06")),
    ("does the profit depend on 2 trades?", ("-10.00 USD", "30.00 USD", "rests on them.")),
)


def _said(answer: Answer) -> str:
    return " ".join(answer.texts)


@pytest.mark.parametrize(("question", "figures"), CASES, ids=[case[0] for case in CASES])
def test_figures_of_a_backtest_are_those_worked_out_by_hand(
    assistant: Assistant, question: str, figures: tuple[str, ...]
) -> None:
    answer = assistant.ask(question, context=RUN)
    assert answer.status == "answered"
    for figure in figures:
        assert figure in _said(answer)


OF_TRIALS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("how many combinations had a net profit above 6?", ("3 of 6",)),  # 30, 12 and 7
    ("how many combinations lost money", ("1 of 6",)),
    ("top 2 combinations by net profit", ("Rank 1: stop loss 30, take profit 40; net profit 30.00 USD", "12.00 USD")),
    ("worst combination", ("Rank 4", "-1.00 USD")),
    ("median net profit of all combinations", ("7.00 USD",)),  # of -1, 5, 7, 12, 30
    ("which stop is most robust?", ("most robust stop loss is 30", "median sharpe ratio 21.00")),
    ("is the winner at the edge of its range?", ("No for stop loss", "Yes for take profit", "lower end")),
    ("how many trials failed, and why?", ("1 trials failed", '"it broke"')),
    ("what stop loss did the winner use?", ("stop loss 30",)),
    ("what is the deflated sharpe of the winner", ("is 0.4", "0.95 is asked", "fails")),
    ("which criteria failed?", ("likely luck", "0 of 2")),
)


@pytest.mark.parametrize(("question", "figures"), OF_TRIALS, ids=[case[0] for case in OF_TRIALS])
def test_figures_of_an_optimization_are_those_worked_out_by_hand(
    assistant: Assistant, question: str, figures: tuple[str, ...]
) -> None:
    answer = assistant.ask(question, context="sweep")
    assert answer.status == "answered"
    for figure in figures:
        assert figure in _said(answer)


def test_dearer_trading_is_worked_out_of_the_costs_that_were_charged(assistant: Assistant) -> None:
    said = _said(assistant.ask("what would double costs do to dear?"))  # costs 4 + 1 + 2 + 3, net profit 20
    assert "With 2 times the costs (10.00 USD as they were), the net profit of 20.00 USD would be 10.00 USD." in said
    assert "It would still make a profit." in said
    assert "would be -20.00 USD" in _said(assistant.ask("what if costs were 5x on dear"))
    assert "gone at 3.00 times the costs of 10.00 USD" in _said(assistant.ask("break even costs of dear"))
    assert "would be 30.00 USD" in _said(assistant.ask("profit of dear before costs"))


def test_the_walk_forward_is_told_with_what_it_lost(assistant: Assistant) -> None:
    said = _said(assistant.ask("did the walk-forward make money?"))
    assert "0 of 1 windows made a profit" in said
    assert "-3.00" in said
    assert "It lost money out of sample." in said


def test_comparisons_are_made_by_the_program(assistant: Assistant) -> None:
    said = _said(assistant.ask(f"compare {SECOND_ID} and bbbb1111-0000-4000-8000-000000000001"))
    assert "net profit: A -5.00 USD, B 20.00 USD (difference 25.00 USD). B is better." in said
    assert "sharpe ratio: A 0.50, B 1.50 (difference 1.00). B is better." in said


QUESTIONS = [question for question, _ in (*CASES, *OF_TRIALS)]


def test_every_cited_cell_is_there_again_when_its_query_is_asked_again(assistant: Assistant) -> None:
    for question in QUESTIONS:
        answer = assistant.ask(question, context=RUN)
        by_id = {citation.id: citation for citation in answer.citations}
        for citation in answer.citations:
            again = assistant._sql.ask(citation.sql, 200)
            assert again.rows == citation.rows.rows, citation.sql
        for statement in answer.statements:
            for place in statement.cells:
                query, row, column = place.split(".", 2)
                cell = by_id[query].cell(int(row[1:]), column)
                assert cell.text in statement.text


def test_a_figure_that_is_no_cell_stands_in_no_sentence_of_rows(assistant: Assistant) -> None:
    answer = assistant.ask("net profit by weekday", context=RUN)
    for statement in answer.statements:
        bare = statement.template
        for place in statement.cells:
            bare = bare.replace("{" + place + "}", "")
        assert not any(character.isdigit() for character in bare), statement.template


def test_an_order_is_kept_in_the_sentences(assistant: Assistant) -> None:
    answer = assistant.ask("which weekday makes most?", context=RUN)
    column = answer.citations[0].rows.columns.index("net_profit")
    profits = [row[column] for row in answer.citations[0].rows.rows]
    assert all(a >= b for a, b in pairwise(profits))
    assert answer.texts[0].startswith("The highest net profit has the weekday Thursday: 20.00 USD")


def test_what_was_taken_for_granted_is_said(assistant: Assistant) -> None:
    answer = assistant.ask("avarage profit on fridays")
    assert '"avarage" is read as "average"' in answer.assumptions
    assert "By exit time, UTC" in answer.assumptions
    assert any(text.startswith("Asked of the latest one") for text in answer.assumptions)
