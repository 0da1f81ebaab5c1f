"""An answer to a question in plain language, and the insights of an optimization, in their JSON form."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

from trading_ai.documents.forms import Uuid, form


@form()
class AskCitation(TypedDict):
    """A query that an answer rests on.

    Attributes:
        id: c1 for the first.
        sql: one SELECT; asked again over the same data it gives the same rows.
        columns: names of its columns.
        rows: what it gave; undefined values are null, times ISO 8601 in UTC.
        n_rows: number of these rows.
        truncated: whether there are more.
        data_version: stays the same as long as everything that the query names does.
    """

    id: str
    sql: str
    columns: list[str]
    rows: list[list[Any]]
    n_rows: int
    truncated: bool
    data_version: str


@form()
class AskStatement(TypedDict):
    """A sentence of an answer.

    Attributes:
        text: the sentence.
        cells: where its figures stand: query, row from 0, and column, such as c1.r0.sharpe_ratio.
    """

    text: str
    cells: list[str]


@form()
class AskAnswer(TypedDict):
    """The answer to a question.

    Attributes:
        status: answered; clarify, where one of the choices may be meant; or refused, where nothing stored tells.
        answer: all sentences.
        citations: the queries whose cells stand in them.
        statements: the sentences, each with its cells.
        assumptions: what was taken for granted, such as which run, and by which time.
        choices: questions that may have been meant, or that can be asked.
        next: commands and pages to look at.
        planner: template, or llm where a language model chose among the readings of the program.
        topic: which topics answered.
        conversation: what a follow-up sends along; it holds the slots of this question and nothing else.
    """

    status: Literal["answered", "clarify", "refused"]
    answer: str
    citations: list[AskCitation]
    statements: list[AskStatement]
    assumptions: list[str]
    choices: list[str]
    next: list[str]
    planner: Literal["template", "llm"]
    topic: str
    conversation: str


@form()
class InsightForm(TypedDict):
    """What one test found.

    Attributes:
        name: of the test.
        weight: 0 where it found nothing to say, 1 for what overthrows the result.
        threshold: when it speaks, in words.
        statements: the finding.
        next: what to do.
    """

    name: str
    weight: float
    threshold: str
    statements: list[AskStatement]
    next: list[str]


@form()
class Insights(TypedDict):
    """What matters in an optimization.

    Attributes:
        optimization_id: the optimization.
        insights: what each test found, the weightiest first; those that lack what they need are left out.
        citations: the queries whose cells stand in them.
        links: where its figures are.
    """

    optimization_id: Uuid
    insights: list[InsightForm]
    citations: list[AskCitation]
    links: dict[str, str]
