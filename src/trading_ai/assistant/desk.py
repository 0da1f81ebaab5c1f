"""What a topic works with: the database, what is stored, and which run a question is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trading_ai.assistant.catalogue import Catalogue, Run
from trading_ai.assistant.drafts import Draft
from trading_ai.assistant.ports import Retriever, Sql
from trading_ai.assistant.showing import harmless
from trading_ai.assistant.tags import Heard
from trading_ai.errors import did_you_mean

_MOST_NAMED = 5
"""Names that a question back lists."""

_NAMED = ("name", "id_backtest", "id_optimization", "id_unknown")


_ONE = r"(?:one|thing|run|bot|robot|strategy|backtest|test|system)"


def _as_the_only_one(heard: Heard) -> bool:
    """Whether a question speaks of a run as if one alone were like that: "the gold thing", and not "in gold"."""
    question = heard.question.lower()
    return any(
        tag.text and re.search(rf"\b(?:the|my|that|our) (?:\w+ )?{re.escape(tag.text.lower())} {_ONE}\b", question)
        for kind in ("symbol", "strategy")
        for tag in heard.all(kind)
    )


class Unanswerable(Exception):  # noqa: N818 - told to whoever asked
    """A question that cannot be answered from what is stored.

    Attributes:
        said: why, and what can be done.
        choices: questions that can be asked instead.
        clarify: whether one of them may be what was meant.
    """

    def __init__(self, said: str, choices: Sequence[str] = (), *, clarify: bool = False) -> None:
        super().__init__(said)
        self.said, self.choices, self.clarify = said, tuple(choices), clarify


@dataclass(frozen=True)
class Desk:
    """What a topic works with.

    Attributes:
        sql: answers queries.
        stored: what is there.
        retriever: finds passages, or None.
    """

    sql: Sql
    stored: Catalogue
    retriever: Retriever | None = None

    def backtest(self, heard: Heard, draft: Draft, *, each_is_told: bool = False) -> Run:
        """The backtest that a question is about; that it was chosen is said in the draft.

        Args:
            heard: the question.
            draft: the answer.
            each_is_told: whether the answer tells each of the backtests that are like what a question names.

        Raises:
            Unanswerable: there is none, or there are several that a question may mean.
        """
        named = self._named(heard)
        if named is not None and named.kind == "optimization":
            base = self._of(named)
            draft.assume(
                f"An optimization keeps the figures of its trials, and not their trades: these are the trades of "
                f"{base.label}, which {named.label} varies"
            )
            return base
        if named is not None:
            draft.assume(f"Asked of {named.label}")
            return named
        if not each_is_told:
            self.decided(heard)
        own = [b for b in self.stored.backtests if not b.part_of]
        if heard.cue("imported"):
            own = [b for b in own if b.strategy == "replay"]
        own = self._narrowed(own, heard, "backtest")
        found = _chosen(own, heard, "backtest")
        first = self.stored.optimizations[:1]
        if heard.has("subject", "running") and not heard.has("noun", "backtest"):
            first = tuple(o for o in self.stored.optimizations if o.status == "running")[:1]
            if first:
                found = self._of(first[0])
        draft.assume(f"Asked of {_which(heard)}{found.label}{_others(heard, found, own)}")
        return found

    def optimization(self, heard: Heard, draft: Draft) -> Run:
        """The optimization that a question is about.

        Raises:
            Unanswerable: there is none.
        """
        named = self._named(heard)
        if named is not None and named.kind == "optimization":
            draft.assume(f"Asked of {named.label}")
            return named
        own = [o for o in self.stored.optimizations if not o.part_of]
        if named is not None:
            own = [o for o in own if o.backtest_id == named.run_id]
            if not own:
                raise Unanswerable(
                    f"No optimization varies {named.label}.",
                    ["list my optimizations"],
                )
        own = self._narrowed(own, heard, "optimization")
        for status in ("running", "paused", "cancelled", "failed"):
            running = heard.has("subject", "running") and status == "running" and named is None
            if running or heard.has("status", status):
                own = [o for o in own if o.status == status]
                if not own:
                    raise Unanswerable(f"No optimization is {status} right now.", ["list my optimizations"])
        wanted = {t.value for t in heard.all("parameter")}
        wanted |= {
            t.value.removeprefix("parameter:") for t in heard.all("condition") if t.value.startswith("parameter:")
        }
        told = heard.context or any(
            heard.has("subject", s) for s in ("latest", "this", "previous", "oldest", "running")
        )
        searching = [o for o in own if wanted <= set(o.searched)]
        if wanted and searching and not told and own and own[0] not in searching:
            draft.assume(f"The latest optimization that searches {' and '.join(sorted(wanted)).replace('_', ' ')}")
            own = searching
        found = _chosen(own, heard, "optimization")
        draft.assume(f"Asked of {_which(heard)}{found.label}{_others(heard, found, own)}")
        return found

    def optimization_named(self, name: str) -> Run:
        """An optimization by its id, a unique prefix, its name, or ``latest``.

        Raises:
            Unanswerable: there is none.
        """
        if name == "latest":
            return _chosen([o for o in self.stored.optimizations if not o.part_of], Heard("", ()), "optimization")
        found = [o for o in self.stored.optimizations if o.run_id.startswith(name)]
        found = found if len(found) == 1 else [o for o in self.stored.optimizations if o.name == name][:1]
        if not found:
            raise Unanswerable("`trading-ai list` shows what is there")
        return found[0]

    def newest(self, heard: Heard, draft: Draft) -> Run:
        """The run, of whichever kind, that a question is about."""
        if heard.has("noun", "backtest"):
            return self.backtest(heard, draft)
        if (
            not heard.has("noun")
            and not heard.context
            and not any(heard.has(k) for k in _NAMED)
            and not heard.has("status")
        ):
            return self.backtest(heard, draft)
        about_trials = heard.has("noun", "optimization", "winner", "trial") or heard.has("subject", "running")
        if about_trials or heard.has("status"):
            return self.optimization(heard, draft)
        named = self._named(heard)
        if named is not None:
            draft.assume(f"Asked of {named.label}")
            return named
        every = [r for r in (*self.stored.optimizations, *self.stored.backtests) if not r.part_of]
        if heard.has("metric") and heard.has("symbol") and not heard.has("subject", "latest"):
            every = [
                r for r in every if r.kind == "backtest"
            ] or every  # a figure of "the gold run" is that of a backtest
        every.sort(key=lambda r: r.created_at, reverse=True)
        every = self._narrowed(every, heard, "run")
        found = _chosen(every, heard, "run")
        draft.assume(f"Asked of {_which(heard)}{found.label}{_others(heard, found, every)}")
        return found

    def alike(self, heard: Heard) -> list[Run]:
        """Backtests of the symbol, strategy and timeframe that a question names, where it says no more."""
        told = heard.context or any(heard.has(kind) for kind in _NAMED)
        if told or heard.has("subject", "latest", "previous", "oldest", "running"):
            return []
        if heard.has("noun", "optimization", "winner", "trial"):
            return []
        own = [b for b in self.stored.backtests if not b.part_of]
        if heard.cue("imported"):
            own = [b for b in own if b.strategy == "replay"]
        return self._narrowed(own, heard, "backtest") if own else []

    def decided(self, heard: Heard) -> None:
        """Ask back where a question names what several backtests have in common: "the gold thing".

        Raises:
            Unanswerable: there are several, with their names.
        """
        same = self.alike(heard) if _as_the_only_one(heard) else []
        if heard.cue("imported") and re.search(
            r"\b(?:the|my|that) (?:\w+ ){0,2}(?:report|import)\b", heard.question.lower()
        ):
            same = self.alike(heard)
        named = list(dict.fromkeys(harmless(run.name) for run in same if run.name))
        if len(same) > 1 and len(named) > 1:
            listed = ", ".join(f'"{name}"' for name in named[:_MOST_NAMED])
            more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
            raise Unanswerable(
                f"Several backtests are like that: {listed}{more}. Which of them is meant?",
                [f'how did "{name}" do?' for name in named[:3]], clarify=True,
            )  # fmt: skip

    def base(self, run: Run) -> Run:
        """The backtest of a run: itself, or what an optimization varies."""
        return run if run.kind == "backtest" else self._of(run)

    def named_runs(self, heard: Heard) -> list[Run]:
        """Runs that a question names by id or name, each once."""
        found: dict[str, Run] = {}
        for tag in heard.tags:
            if tag.kind in {"id_backtest", "id_optimization"}:
                run = self._by_id(tag.value)
                found[run.run_id] = run
            elif tag.kind == "name":
                run = self._by_name(tag.value, heard)
                found[run.run_id] = run
        return list(found.values())

    def _named(self, heard: Heard) -> Run | None:
        unknown = heard.first("id_unknown")
        if unknown is not None:
            raise Unanswerable(f"Nothing that is stored has an id that begins with {unknown.value}.", ["list my runs"])
        named = self.named_runs(heard)
        if named:
            return named[0]
        elsewhere = heard.has("subject", "latest", "running", "previous", "oldest") or heard.has("symbol")
        if heard.context and not elsewhere:
            return self._by_id(heard.context)
        return None

    def _by_id(self, key: str) -> Run:
        found = [r for r in (*self.stored.optimizations, *self.stored.backtests) if r.run_id.startswith(key)]
        if len(found) == 1:
            return found[0]
        named = [r for r in (*self.stored.optimizations, *self.stored.backtests) if r.name == key and not r.part_of]
        if named:
            return named[0]
        if key == "latest" and (every := [*self.stored.optimizations, *self.stored.backtests]):
            return max((r for r in every if not r.part_of), key=lambda r: r.created_at)
        count = "Nothing" if not found else "More than one run"
        raise Unanswerable(f"{count} that is stored has the id or name {harmless(key)}.", ["list my runs"])

    def _by_name(self, name: str, heard: Heard) -> Run:
        every = [r for r in (*self.stored.optimizations, *self.stored.backtests) if r.name]
        found = [r for r in every if r.name.lower() == name.lower()]
        if heard.has("noun", "backtest") or heard.has("noun", "optimization"):
            kind = "backtest" if heard.has("noun", "backtest") else "optimization"
            found = [r for r in found if r.kind == kind] or found
        if found:
            return found[0]
        near = did_you_mean(name, [r.name for r in every])
        raise Unanswerable(f'No run is called "{harmless(name)}". {harmless(near)}'.strip(), ["list my runs"])

    def _of(self, optimization: Run) -> Run:
        found = next((b for b in self.stored.backtests if b.run_id == optimization.backtest_id), None)
        if found is None:
            raise Unanswerable(f"The backtest that {optimization.label} varies is not stored.")
        return found

    def _narrowed(self, runs: list[Run], heard: Heard, kind: str) -> list[Run]:
        """Those of the symbol, strategy and timeframe that a question names."""
        left = runs
        tests: tuple[tuple[str, Callable[[Run], str]], ...] = (
            ("symbol", lambda r: r.symbol), ("strategy", lambda r: r.strategy), ("timeframe", lambda r: r.timeframe),
        )  # fmt: skip
        for slot, value in tests:
            wanted = heard.values(slot)
            if not wanted:
                continue
            left = [run for run in left if value(run) in wanted]
            if not left:
                there = ", ".join(dict.fromkeys(harmless(value(run)) for run in runs if value(run)))
                raise Unanswerable(
                    f"There is no {kind} of {slot} {harmless(wanted[0])}. "
                    f"{f'There are runs of {there}.' if there else ''}".strip(),
                    ["list my runs"],
                )
        return left


def _chosen(runs: Sequence[Run], heard: Heard, kind: str) -> Run:
    if not runs:
        raise Unanswerable(
            f"There is no {kind} yet.",
            ["how do I run a backtest?", "how do I start an optimization?"],
        )
    if heard.has("subject", "oldest"):
        return runs[-1]
    if heard.has("subject", "previous"):
        if len(runs) < 2:
            raise Unanswerable(f"There is one {kind} only, and none before it.", ["list my runs"])
        return runs[1]
    return runs[0]


def _others(heard: Heard, found: Run, own: Sequence[Run]) -> str:
    """Which other runs a question might mean that names none, so that nobody takes one for another."""
    if heard.context or heard.has("subject", "latest", "previous", "oldest", "running"):
        return ""
    named = list(dict.fromkeys(harmless(run.name) for run in own if run.name and run.run_id != found.run_id))
    if not named:
        return ""
    listed = ", ".join(f'"{name}"' for name in named[:_MOST_NAMED])
    return f"; others are {listed}{f' and {len(named) - _MOST_NAMED} more' if len(named) > _MOST_NAMED else ''}"


def _which(heard: Heard) -> str:
    if heard.has("subject", "oldest"):
        return "the oldest one, "
    if heard.has("subject", "previous"):
        return "the one before the latest, "
    if heard.has("subject", "running"):
        return ""
    return "the latest one, "
