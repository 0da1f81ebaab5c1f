"""The assistant: a question in, an answer out whose every figure is a cell of a cited query."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from trading_ai.assistant import conversations
from trading_ai.assistant.answers import Answer, insights_json, joined, said
from trading_ai.assistant.catalogue import catalogue
from trading_ai.assistant.clauses import answerable, clauses, differ, hangs_together, tangled, trimmed
from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, Statement
from trading_ai.assistant.echo import unheard
from trading_ai.assistant.hearing import MAX_CHARACTERS, hear, normal
from trading_ai.assistant.insights import insights
from trading_ai.assistant.pieces import asks, n_asking, points_nowhere, segments, wishes
from trading_ai.assistant.planner import ANSWERED, ASKED_BACK, SUBJECTS, Plan, parts, plans, sure
from trading_ai.assistant.ports import LanguageModel, Message, Retriever, Sql
from trading_ai.assistant.reading import CLEAR, DOUBTED, LEAST_LEAD, SURE_LEAD, Reading, apart, by_example, same
from trading_ai.assistant.refusals import CAN_ASK, refusal
from trading_ai.assistant.showing import harmless
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.howto import LEAST_OF_A_GUESS, quote_docs, told_in_docs
from trading_ai.assistant.topics.registry import TOPICS
from trading_ai.assistant.topics.trade_reading import FILTERS
from trading_ai.documents.ask_answers import Insights
from trading_ai.errors import NotFoundError

Worded = Callable[[LanguageModel, Sequence[Statement], str], list[str] | None]
"""Words sentences anew, one text for each, its figures checked; None where the model's words do not hold."""

_QUOTED = re.compile("(?:[\"\u201c\u2018]|(?<!\\w)')([^\"\u201c\u201d\u2018\u2019']{3,200})[\"\u201d\u2019']")
_OF_TEXTS = frozenset({"howto", "notes", "meanings"})
"""Topics that answer whatever else is said, and so might take a whole question for their part of it."""

_FIGURE = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_MOST_PARTS = 3
_MOST_CHOICES = 4
_EXAMPLES = (
    "what is the net profit of my last backtest?",
    "net profit by weekday",
    "does the winner survive?",
    "which stop is most robust?",
)


class Assistant:
    """Answers questions in plain language over what is stored. Safe to share between threads: it keeps nothing.

    Args:
        sql: answers queries.
        retriever: finds passages of the documentation; None for none.
        model: a language model, which chooses among readings where the program is unsure, and words sentences; None for
            none.
        worded: how it words; None leaves sentences as they are.
    """

    def __init__(
        self,
        sql: Sql,
        retriever: Retriever | None = None,
        model: LanguageModel | None = None,
        worded: Worded | None = None,
    ) -> None:
        self._sql, self._retriever, self._model, self._worded = sql, retriever, model, worded

    @property
    def has_model(self) -> bool:
        """Whether a language model is there."""
        return self._model is not None

    def ask(self, question: str, context: str = "", conversation: str = "", *, words: bool = True) -> Answer:
        """Answer a question.

        Args:
            question: in plain English; what is longer than `MAX_CHARACTERS` is refused.
            context: id or name of the run that it is asked about, or "".
            conversation: what the answer before gave, or "".
            words: whether a language model, where there is one, may word the sentences; it takes seconds.

        Raises:
            StateError: too many queries run already, or the engine of queries is not installed.
            StorageError: the database cannot be used.
        """
        if not normal(question):
            return _clarify("Ask something about what is stored.", _EXAMPLES)
        if len(question) > MAX_CHARACTERS:
            return _refused(f"A question has at most {MAX_CHARACTERS:,} characters.")
        refused = refusal(question)
        if refused is not None and not _QUOTED.search(question):
            return _refused(refused)
        desk = Desk(self._sql, catalogue(self._sql), self._retriever)
        if refused is not None:
            told = refusal(_without_names(question, {run.name for run in desk.stored.runs}))
            if told is not None:
                return _refused(told)
        answer = self._answer(question, desk, context, conversation)
        return self.in_words(answer, question) if words else answer

    def insights(self, optimization: str) -> Insights:
        """What matters in an optimization, as one document.

        Args:
            optimization: its id, a unique prefix, its name, or ``latest``.

        Raises:
            NotFoundError: there is none.
        """
        desk = Desk(self._sql, catalogue(self._sql))
        draft = Draft(self._sql)
        try:
            run = desk.optimization_named(optimization)
        except Unanswerable as unanswerable:
            raise NotFoundError("optimization", optimization, unanswerable.said) from None
        return insights_json(run.run_id, insights(run, desk, draft), draft.citations)

    def _answer(self, question: str, desk: Desk, context: str, conversation: str) -> Answer:
        names = desk.stored.names
        heard = hear(question, names, context)
        before = conversations.recalled(conversation, names)
        if before is not None:
            following = self._following(heard, question, before)
            if following is not None:
                return self._planned(following, desk, follows=True)
            heard = replace(heard, context=context or before[2])
        found = plans(heard)
        best = sure(found)
        named = any(tag.kind in SUBJECTS and tag.kind != "subject" for tag in heard.tags)
        nowhere = points_nowhere(question) and not heard.context and not named
        if nowhere or tangled(question, names, heard.context):
            return _unsure(heard, found[:1])
        asks_more = n_asking(question) > 1
        torn = best is None and bool(found) and found[0].confidence >= ANSWERED  # two readings that are as good
        least = LEAST_LEAD if best is None else DOUBTED
        like = None if asks_more or torn else by_example(question, names, heard.context, least=least)
        told = self._by_example(best, like, desk)
        if told is not None:
            return told
        if best is None or best.n_left or (best.topic.name in _OF_TEXTS and heard.tags):
            shared = clauses(question, names, heard.context, anew=True)
            if shared:
                return self._together(shared, desk)
            several = parts(question, names, heard.context)
            if 1 < len(several) <= _MOST_PARTS:
                made = [plan for plan in (sure(plans(part)) for part in several) if plan is not None]
                alone = not any(_one_of_a_group(before, after) for before, after in pairwise(made))
                if len(made) == len(several) and alone:
                    return self._together(made, desk)
        for shorter in trimmed(question) if best is None else ():
            less = hear(shorter, names, heard.context)
            if sure(plans(less)) is not None and not _dropped(heard, less):
                return self._planned(less, desk)
        taken = clauses(question, names, heard.context, anew=best is not None)
        if taken and (best is None or differ(taken)):
            return self._together(taken, desk)
        each, missing = apart(question, names, heard.context) if asks_more or (best is None and not torn) else ([], [])
        if not missing and len(each) > 1 and not all(same(each[0], one) for one in each[1:]):
            return self._together(each, desk)
        if asks_more and not torn:
            whole = by_example(question, names, heard.context, least=CLEAR)
            if whole is not None and whole.plan is not None and whole.plan.heard.has("recipe"):
                whole = None  # one of its pieces wants to do something
            told = self._by_example(best, whole, desk)
            if told is not None:
                return self._with_the_rest(told, whole, each, missing, desk)
        if not missing and best is None and len(each) == 1 and len(segments(question)) > 1:
            return self._together(each, desk)
        if best is None and (some := answerable(question, names, heard.context)) is not None:
            answer = self._together(some[0], desk)
            if answer.status == "answered":
                lost = "; ".join(f'"{harmless(text)}"' for text in some[1])
                return replace(answer, assumptions=(*answer.assumptions, f"Not understood, and not answered: {lost}"))
        quoted = self._from_docs(heard, desk) if best is None and told_in_docs(heard) else None
        if quoted is not None:
            return quoted
        return self._planned(heard, desk)

    def _by_example(self, best: Plan | None, like: Reading | None, desk: Desk) -> Answer | None:
        """What a question means by its examples, where the grammar is not sure, or these are surer than it."""
        if like is None or (best is not None and like.plan is not None and same(best, like.plan)):
            return None
        if like.plan is None:
            return _refused(like.text) if best is None or like.lead >= SURE_LEAD else None
        answer = self._carried_out(like.plan, desk)
        if answer.status != "answered":
            return answer if best is None else None
        if best is not None:
            own = self._carried_out(best, desk)
            if own.status == "answered" and _tells(own, answer):
                return None
            if own.status == "answered" and like.lead < SURE_LEAD:
                other = harmless(like.text or like.plan.reading)
                whole = joined([own, answer])
                told = f'It can be read in two ways, and both are told: "{other}" second'
                return replace(whole, assumptions=(*whole.assumptions, told))
        read = (f'Read as "{harmless(like.text)}"',) if like.text else ()
        return replace(answer, assumptions=(*answer.assumptions, *read))

    def _with_the_rest(
        self, told: Answer, whole: Reading | None, each: Sequence[Plan], missing: Sequence[str], desk: Desk
    ) -> Answer:
        """What a question means as a whole, with those of its pieces that ask for something else."""
        if whole is None or whole.plan is None or told.status != "answered":
            return told
        more = [self._carried_out(plan, desk) for plan in each if not same(plan, whole.plan)]
        more = [answer for answer in more if answer.status == "answered" and not _tells(told, answer)]
        lost = "; ".join(f'"{harmless(text)}"' for text in missing if asks(text) and not wishes(text))
        answer = joined([told, *more]) if more else told
        if not lost:
            return answer
        return replace(answer, assumptions=(*answer.assumptions, f"Not understood by itself: {lost}"))

    def _from_docs(self, heard: Heard, desk: Desk) -> Answer | None:
        """What the documentation says, where it speaks of nearly all that a question is made of; else None."""
        draft = Draft(self._sql)
        if not quote_docs(heard, desk, draft, LEAST_OF_A_GUESS):
            return None
        draft.assume("Not understood as a question about what is stored: passages of the documentation that are near")
        return Answer(
            "answered", tuple(draft.statements), tuple(draft.citations), tuple(draft.assumptions), (),
            tuple(draft.next), topic="howto",
        )  # fmt: skip

    def _together(self, made: Sequence[Plan], desk: Desk) -> Answer:
        """What can be answered of several questions, and that the others cannot; a question back goes before."""
        answers = [self._carried_out(plan, desk) for plan in made]
        good = [answer for answer in answers if answer.status == "answered"]
        if not good or any(answer.status == "clarify" for answer in answers):
            return next(answer for answer in answers if answer.status != "answered")
        whole = joined(good)
        lost = [
            f'Not answered is "{harmless(plan.heard.question)}": {" ".join(answer.texts)}'
            for answer, plan in zip(answers, made, strict=True)
            if answer.status != "answered"
        ]
        return replace(whole, assumptions=(*whole.assumptions, *lost))

    def _following(self, heard: Heard, question: str, before: tuple[tuple[object, ...], str, str]) -> Heard | None:
        """A follow-up joined with the question before it, or None where it stands for itself."""
        tags, _, context = before
        alone = sure(plans(heard))
        marked = conversations.follows(question)
        points = heard.has("subject", "this")
        whole = replace(heard, context=heard.context or context)
        if alone is not None and not marked:
            if points or not any(t.kind in SUBJECTS and t.value != "mine" for t in heard.tags):
                subjects = [t for t in tags if t.kind in SUBJECTS and t.value not in {"mine"}]  # type: ignore[attr-defined]
                return whole.changed([*subjects, *(t for t in heard.tags if t.value != "this" or t.kind != "subject")])  # type: ignore[list-item]
            return None
        joined_up = conversations.merged(tags, whole)  # type: ignore[arg-type]
        if sure(plans(joined_up)) is not None:
            return joined_up
        return whole if alone is not None else joined_up

    def _planned(self, heard: Heard, desk: Desk, *, follows: bool = False) -> Answer:
        found = plans(heard)
        plan = sure(found)
        if plan is not None:
            answer = self._carried_out(plan, desk)
            if follows and answer.status == "answered":
                return replace(answer, assumptions=(*answer.assumptions, "Read together with the question before it"))
            return answer
        candidates = [p for p in found if p.confidence >= ASKED_BACK] or [p for p in found[:2] if p.confidence > 0]
        chosen = self._chosen(heard, candidates)
        if chosen is not None:
            answer = self._carried_out(chosen, desk)
            read = f'Read as "{chosen.reading}", which a language model chose among the readings of the program'
            return replace(answer, planner="llm", assumptions=(*answer.assumptions, read))
        return _unsure(heard, candidates)

    def _carried_out(self, plan: Plan, desk: Desk) -> Answer:
        draft = Draft(self._sql)
        for written, read in plan.heard.corrected:
            draft.assume(f'"{harmless(written)}" is read as "{read}"')
        if (passed := (*plan.heard.passed_over, *plan.heard.unknown)) and plan.topic.name != "howto":
            draft.assume(f"Passed over: {', '.join(map(harmless, passed))}")
        try:
            plan.topic.answer(plan.heard, desk, draft)
        except Unanswerable as unanswerable:
            if unanswerable.clarify:
                return _clarify(unanswerable.said, unanswerable.choices)
            return Answer(
                "refused",
                said(unanswerable.said),
                choices=unanswerable.choices,
                next=tuple(draft.next),
                topic=plan.topic.name,
            )
        said_so = [*(statement.text for statement in draft.statements), *draft.assumptions]
        lost = unheard(plan.heard, plan.topic.name, [citation.sql for citation in draft.citations], said_so)
        if lost:
            words = ", ".join(harmless(text) for text in lost)
            return _clarify(f"What is stored does not tell that of {words}. Did you mean this?", [plan.reading])
        if not draft.statements:
            return _clarify("What is stored says nothing of that.", _EXAMPLES)
        return Answer(
            "answered", tuple(draft.statements), tuple(draft.citations), tuple(draft.assumptions), (),
            tuple(draft.next),
            topic=plan.topic.name, conversation=conversations.kept(plan.heard, plan.topic.name),
        )  # fmt: skip

    def _chosen(self, heard: Heard, candidates: Sequence[Plan]) -> Plan | None:
        """The reading that a language model chooses: the number of one of the candidates, or none."""
        if self._model is None or not candidates:
            return None
        listed = "\n".join(f"{n}. {plan.reading}" for n, plan in enumerate(candidates, 1))
        schema = {
            "type": "object", "properties": {"choice": {"type": "integer", "minimum": 0, "maximum": len(candidates)}},
            "required": ["choice"], "additionalProperties": False,
        }  # fmt: skip
        asked = [
            Message(
                "system",
                "Choose the reading that means the same as the question, by its number; 0 if none does. Answer as "
                "JSON.",
            ),
            Message("user", f"Question: {heard.question}\nReadings:\n{listed}"),
        ]
        told = self._model.answer(asked, schema)
        try:
            choice = json.loads(told.text)["choice"] if told.complete else 0
        except (ValueError, KeyError, TypeError):
            return None
        valid = isinstance(choice, int) and not isinstance(choice, bool) and 1 <= choice <= len(candidates)
        return candidates[choice - 1] if valid else None

    def in_words(self, answer: Answer, question: str) -> Answer:
        """The same answer in a language model's words, where there is one and they hold."""
        if self._model is None or self._worded is None or answer.status != "answered":
            return answer
        plain = [statement.text for statement in answer.statements]
        texts = self._worded(self._model, answer.statements, question)
        if texts is None or len(texts) != len(plain):
            told = "The sentences are the program's own: the language model did not answer, or its words did not hold"
            return replace(answer, assumptions=(*answer.assumptions, told))
        n_worded = sum(text != own for text, own in zip(texts, plain, strict=True))
        told = f"{n_worded} of {len(plain)} sentences are in a language model's words, which were checked"
        return replace(answer, worded=tuple(texts), assumptions=(*answer.assumptions, told))


def _without_names(question: str, names: set[str]) -> str:
    """A question without the names of runs that stand in quotes there: they are what it is about, and no orders."""
    return _QUOTED.sub(lambda found: "it" if found[1].strip() in names else found[0], question)


def _tells(answer: Answer, other: Answer) -> bool:
    """Whether an answer tells what another one tells."""
    figures = set(_FIGURE.findall(" ".join(other.texts)))
    return bool(figures) and figures <= set(_FIGURE.findall(" ".join(answer.texts)))


def _one_of_a_group(before: Plan, after: Plan) -> bool:
    """Whether a part asks of what the part before looks for: "my best year, and its number of trades"."""
    one = "dim" in {tag.kind for tag in before.heard.tags} or before.topic.name in {"records", "winners"}
    return one and hangs_together(before, after)


def _dropped(heard: Heard, less: Heard) -> bool:
    """Whether a shorter form lacks a run, a time or a condition that the question has."""
    kinds = {*SUBJECTS, *FILTERS, "condition"} - {"subject", "part", "hour"}
    return any(not less.has(tag.kind, tag.value) for tag in heard.tags if tag.kind in kinds)


def _unsure(heard: Heard, candidates: Sequence[Plan]) -> Answer:
    """A question back where some reading is near, a refusal where none is."""
    choices = list(dict.fromkeys(plan.reading for plan in candidates))[:_MOST_CHOICES]
    known = [tag for tag in heard.tags if tag.kind not in {"cue", "subject", "number", "order", "cmp", "neg"}]
    lost_words = (*heard.unknown, *heard.passed_over)
    strange = len(lost_words) > max(1, len(known)) or (not known and not choices)
    if strange and (lost_words or not heard.tags):
        words = ", ".join(harmless(word) for word in lost_words[:5])
        lost = f" (not understood: {words}; questions are read in English)" if words else ""
        return _refused(f"Nothing that is stored answers that{lost}.")
    words = ", ".join(harmless(word) for word in heard.unknown[:5])
    lost = f", and {words} is not understood" if words else ""
    return _clarify(f"That can be read in several ways{lost}. Did you mean one of these?", choices or _EXAMPLES)


def _clarify(text: str, choices: Sequence[str]) -> Answer:
    return Answer("clarify", said(text), choices=tuple(choices))


def _refused(text: str) -> Answer:
    return Answer("refused", said(text, f"{CAN_ASK[0].upper()}{CAN_ASK[1:]}."), choices=_EXAMPLES)


READINGS = tuple(offer for topic in TOPICS for offer in topic.offers)
"""Questions that are understood, of every topic."""
