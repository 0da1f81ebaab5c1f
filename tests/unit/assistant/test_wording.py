"""What a language model may change in a sentence, and what it may not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from typing_extensions import override

from trading_ai.assistant.drafts import Statement
from trading_ai.assistant.ports import LanguageModel, Message, ModelAnswer
from trading_ai.assistant.wording import MOST_STATEMENTS, statement_in, worded

PROFIT = Statement(
    "Net profit {c1.r0.net_profit}, drawdown {c1.r0.drawdown}.",
    {"c1.r0.net_profit": "1,234.50 USD", "c1.r0.drawdown": "12.3 %"},
)
BEST = Statement("The best of 30 trials is rank 1, which earned more than {c1.r0.other}.", {"c1.r0.other": "50 USD"})
LOST = Statement(
    '"my Run" did not survive: it was {c1.r0.verdict} on EURUSD at 12:30, 5 of A.', {"c1.r0.verdict": "fragile"}
)


@pytest.mark.parametrize(
    ("statement", "text", "shown"),
    [
        (PROFIT, "Net profit {c1.r0.net_profit}, drawdown {c1.r0.drawdown}.", PROFIT.text),
        (PROFIT, "The net profit is {c1.r0.net_profit}; the drawdown is {c1.r0.drawdown}.", None),
        (PROFIT, "The net profit is {c1.r0.net_profit} and the drawdown {c1.r0.drawdown}.",
         "The net profit is 1,234.50 USD and the drawdown 12.3 %."),
        (BEST, "Best of the 30 trials is rank 1 and earned more than {c1.r0.other}.",
         "Best of the 30 trials is rank 1 and earned more than 50 USD."),
        (LOST, '"my Run" did not survive, and was {c1.r0.verdict} on EURUSD at 12:30, 5 of A.',
         '"my Run" did not survive, and was fragile on EURUSD at 12:30, 5 of A.'),
    ],
)  # fmt: skip
def test_little_words_and_pauses_may_change(statement: Statement, text: str, shown: str | None) -> None:
    assert statement_in(text, statement) == shown


P, D = "{c1.r0.net_profit}", "{c1.r0.drawdown}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"Net profit {P}, drawdown",  # leaves a cell out
        f"Net profit {P}, drawdown {D} {D}.",  # says it twice
        f"Net profit {D}, drawdown {P}.",  # swaps figures
        f"Drawdown {P}, net profit {D}.",  # swaps names
        f"Net profit {P}, drawdown {{c1.r0.sharpe_ratio}}.",  # invents a cell
        f"Net profit {P}, drawdown {{c2.r0.drawdown}}.",
        "Net profit 1,234.50 USD, drawdown 12.3 %.",  # writes figures
        "Net profit 1,235 USD, drawdown 12 %.",  # rounds
        f"Net profit {P}, drawdown twelve percent.",
        f"Net profit about {P}, drawdown {D}.",
        f"Net profit -{P}, drawdown {D}.",  # signs and units
        f"Net profit .{P}, drawdown {D}.",
        f"Net profit 1{P}, drawdown {D}.",
        f"Net profit {P}k, drawdown {D}.",
        f"Net profit {P}%, drawdown {D}.",
        f"Net profit {P}.5, drawdown {D}.",
        f"Net profit ({P}), drawdown {D}.",
        f"No net profit {P}, drawdown {D}.",  # negation
        f"Net profit wasn't {P}, drawdown {D}.",
        f"Net loss {P}, drawdown {D}.",  # inverts
        f"Profit {P}, drawdown {D}.",  # another measure
        f"Net profit {P}, more than drawdown {D}.",  # comparisons
        f"Net profit {P}, double drawdown {D}.",
        f"Net profit only {P}, drawdown {D}.",
        f"Net profit {P}, drawdown {D}. Buy now.",  # advice
        f"Net profit {P}, drawdown {D}?",  # a question
        f"Nettogewinn {P}, Drawdown {D}.",  # other languages
        f"Чистая прибыль {P}, просадка {D}.",
        f"Net рrofit {P}, drawdown {D}.",  # a letter that looks alike
        f"Net pro\u017fit {P}, drawdown {D}.",
        f"**Net profit** {P}, drawdown {D}.",  # markup, links, code
        f"Net profit {P}, drawdown {D} https://evil.example.",
        f"Net profit {P}, `drawdown` {D}.",
        f"<b>Net profit</b> {P}, drawdown {D}.",
        f"Net profit {P},\ndrawdown {D}.",
        f"Net profit \x1b[31m{P}, drawdown {D}.",
        f"Net profit \u202e{P}, drawdown {D}.",
        f"Net profit {P}, drawdown {D}{'.' * 400}",  # without end
        f"Net profit {P}, {{{{drawdown}}}} {D}.",
    ],
)
def test_whatever_else_changes_does_not_hold(text: str) -> None:
    assert statement_in(text, PROFIT) is None


@pytest.mark.parametrize(
    "text",
    [
        "The best of 31 trials is rank 1, which earned more than {c1.r0.other}.",
        "The best of 30 trials is rank .1, which earned more than {c1.r0.other}.",
        "The best of 3.0 trials is rank 1, which earned more than {c1.r0.other}.",
        "The best of 30 trials is rank 1, which earned less than {c1.r0.other}.",
        "The best of 30 trials is rank 1, which earned {c1.r0.other}.",
        "The best of 30 trials was rank 1, which earned more than {c1.r0.other}.",
        "The worst of 30 trials is rank 1, which earned more than {c1.r0.other}.",
    ],
)
def test_numbers_comparisons_and_tenses_of_the_program_stay(text: str) -> None:
    assert statement_in(text, BEST) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("not ", ""),
        ("my Run", "My run"),
        ("EURUSD", "Eurusd"),
        ("12:30", "12 30"),
        ("was", "is"),
        ('"', "'"),
        (" of A", ""),
    ],
)
def test_names_times_and_negations_of_the_program_stay(old: str, new: str) -> None:
    assert statement_in(LOST.template, LOST) == LOST.text
    assert statement_in(LOST.template.replace(old, new), LOST) is None


class Says(LanguageModel):
    """Says one thing."""

    name = "double"

    def __init__(self, text: str, *, complete: bool = True) -> None:
        self.told, self.asked = ModelAnswer(text, complete), ""

    @override
    def stream(self, messages: Sequence[Message], schema: Mapping[str, Any] | None = None) -> Iterator[str]:
        yield self.told.text

    @override
    def answer(self, messages: Sequence[Message], schema: Mapping[str, Any] | None = None) -> ModelAnswer:
        self.asked = messages[-1].text
        return self.told


def _as_json(*sentences: object) -> str:
    return json.dumps({"sentences": sentences})


def test_a_sentence_that_does_not_hold_is_the_programs_own() -> None:
    model = Says(_as_json(f"The net profit is {P} and the drawdown {D}.", "You are rich."))
    assert worded(model, [PROFIT, BEST], "how was it?") == [
        "The net profit is 1,234.50 USD and the drawdown 12.3 %.", BEST.text,
    ]  # fmt: skip
    assert "1,234.50" not in model.asked, "figures are not sent to the model"


@pytest.mark.parametrize(
    "text",
    ["", "no", "[]", "{}", "null", '{"sentences": "x"}', _as_json(), _as_json("a", "b", "c"), _as_json(1, 2),
     _as_json("You are rich.", "Very."), "[" * 100_000],
)  # fmt: skip
def test_anything_but_sentences_that_hold_is_none(text: str) -> None:
    assert worded(Says(text), [PROFIT, BEST], "") is None


def test_an_answer_that_broke_off_is_none() -> None:
    assert worded(Says(_as_json(PROFIT.template), complete=False), [PROFIT], "") is None
    assert worded(Says(_as_json()), [], "") is None


def test_sentences_after_the_first_ones_stay() -> None:
    many = [PROFIT] * (MOST_STATEMENTS + 2)
    model = Says(_as_json(*[f"The net profit {P} and drawdown {D}."] * MOST_STATEMENTS))
    found = worded(model, many, "")
    assert found is not None
    assert [text == PROFIT.text for text in found] == [False] * MOST_STATEMENTS + [True] * 2
