"""What a question came to: sentences, the queries that they rest on, what was taken for granted, what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isfinite
from typing import Any, Literal

from trading_ai.assistant.drafts import Citation, Statement
from trading_ai.assistant.insights import Insight
from trading_ai.documents.ask_answers import AskAnswer, AskCitation, Insights

Status = Literal["answered", "clarify", "refused"]
Planner = Literal["template", "llm"]


@dataclass(frozen=True)
class Answer:
    """The answer to a question.

    Attributes:
        status: whether it is one, a question back, or a refusal.
        statements: its sentences.
        citations: the queries whose cells they hold.
        assumptions: what was taken for granted.
        choices: questions that may have been meant, or that can be asked.
        next: commands and pages to look at.
        planner: whether the program chose the plan, or a language model did among those of the program.
        topic: which topics answered.
        conversation: what a follow-up sends along.
        worded: the sentences as a language model worded them, checked; None for as they are.
    """

    status: Status
    statements: tuple[Statement, ...]
    citations: tuple[Citation, ...] = ()
    assumptions: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    planner: Planner = "template"
    topic: str = ""
    conversation: str = ""
    worded: tuple[str, ...] | None = field(default=None)

    @property
    def texts(self) -> tuple[str, ...]:
        """Its sentences as people read them."""
        return self.worded if self.worded is not None else tuple(s.text for s in self.statements)

    def to_json(self) -> AskAnswer:
        """The answer as one document."""
        return {
            "status": self.status,
            "answer": " ".join(self.texts),
            "citations": [_citation(c) for c in self.citations],
            "statements": [
                {"text": text, "cells": list(s.cells)} for text, s in zip(self.texts, self.statements, strict=True)
            ],
            "assumptions": list(self.assumptions),
            "choices": list(self.choices),
            "next": list(self.next),
            "planner": self.planner,
            "topic": self.topic,
            "conversation": self.conversation,
        }


def _citation(citation: Citation) -> AskCitation:
    rows = citation.rows
    return {
        "id": citation.id,
        "sql": citation.sql,
        "columns": list(rows.columns),
        "rows": [[_plain(value) for value in row] for row in rows.rows],
        "n_rows": len(rows.rows),
        "truncated": rows.truncated,
        "data_version": rows.data_version,
    }


def _plain(value: Any) -> Any:
    """A cell as JSON has it: times ISO 8601 in UTC, undefined numbers null."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not isfinite(value):
        return None
    return value


def said(*texts: str) -> tuple[Statement, ...]:
    """Sentences without figures."""
    return tuple(Statement(text.replace("{", "(").replace("}", ")"), {}) for text in texts)


def joined(answers: Sequence[Answer]) -> Answer:
    """Several answers as one: each cites its own queries, numbered on."""
    statements: list[Statement] = []
    citations: list[Citation] = []
    for answer in answers:
        renamed = {c.id: f"c{len(citations) + n}" for n, c in enumerate(answer.citations, 1)}
        citations.extend(Citation(renamed[c.id], c.sql, c.rows, c.units, c.currency) for c in answer.citations)
        told = {statement.text for statement in statements}
        statements.extend(s.renamed(renamed) for s in answer.statements if s.text not in told)

    def every(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(text for answer in answers for text in getattr(answer, name)))

    return Answer(
        "answered", tuple(statements), tuple(citations), every("assumptions"), every("choices"), every("next"),
        "llm" if any(a.planner == "llm" for a in answers) else "template",
        ", ".join(dict.fromkeys(a.topic for a in answers)),
        answers[-1].conversation,
    )  # fmt: skip


def insights_json(optimization_id: str, found: Sequence[Insight], citations: Sequence[Citation]) -> Insights:
    """What matters in an optimization, as one document."""
    key = optimization_id
    return {
        "optimization_id": key,
        "insights": [
            {
                "name": i.name,
                "weight": i.weight,
                "threshold": i.threshold,
                "statements": [{"text": s.text, "cells": list(s.cells)} for s in i.statements],
                "next": list(i.next),
            }
            for i in found
        ],
        "citations": [_citation(c) for c in citations],
        "links": {
            "report": f"trading-ai report {key}",
            "results": f"/api/v1/optimize/{key}/results",
            "robustness": f"/api/v1/optimize/{key}/robustness",
        },
    }
