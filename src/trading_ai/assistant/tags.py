"""What is heard of a question: tags, which are words with a known meaning, and the words that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

Operator = Literal[">", ">=", "<", "<=", "="]


@dataclass(frozen=True)
class Tag:
    """A part of a question with a meaning.

    Attributes:
        kind: which slot it fills, such as ``metric`` or ``weekday``.
        value: what it says, such as ``net_profit`` or ``5``.
        text: as it was written, for people.
        operator: of a condition, how it compares.
        number: what it compares with, or how many are wanted.
        negated: whether "not", "without" or "except" stands before it.
    """

    kind: str
    value: str
    text: str = ""
    operator: Operator | None = None
    number: float | None = None
    negated: bool = False

    @property
    def key(self) -> str:
        """Its kind; of cues and nouns with the value: topics account for these one by one."""
        return f"{self.kind}:{self.value}" if self.kind in {"cue", "noun"} else self.kind


@dataclass(frozen=True)
class Heard:
    """A question as it was understood, word by word.

    Attributes:
        question: as it was asked.
        tags: in the order of the question.
        unknown: words that stand for nothing known.
        corrected: words that were read as others, ``(written, read as)``.
        context: id of the run that the question is asked about, or "".
        passed_over: words that stand for nothing known, and most likely say nothing.
    """

    question: str
    tags: tuple[Tag, ...]
    unknown: tuple[str, ...] = ()
    corrected: tuple[tuple[str, str], ...] = ()
    context: str = ""
    passed_over: tuple[str, ...] = ()
    _index: dict[str, tuple[Tag, ...]] = field(default_factory=dict, compare=False, repr=False)

    def all(self, kind: str) -> tuple[Tag, ...]:
        """Tags of a kind, in order."""
        if kind not in self._index:
            self._index[kind] = tuple(tag for tag in self.tags if tag.kind == kind)
        return self._index[kind]

    def first(self, kind: str) -> Tag | None:
        """The first tag of a kind."""
        found = self.all(kind)
        return found[0] if found else None

    def values(self, kind: str) -> tuple[str, ...]:
        """Values of a kind, each once."""
        return tuple(dict.fromkeys(tag.value for tag in self.all(kind)))

    def has(self, kind: str, *values: str) -> bool:
        """Whether there is a tag of a kind, with one of some values if any are named."""
        return any(not values or tag.value in values for tag in self.all(kind))

    def plural(self, *nouns: str) -> bool:
        """Whether one of some nouns was heard in the plural."""
        return any(tag.text.endswith("s") for tag in self.all("noun") if tag.value in nouns)

    def asks_which(self) -> bool:
        """Whether it begins with "which"."""
        return self.question.lower().lstrip().startswith(("which", "wich"))

    def cue(self, *values: str) -> bool:
        """Whether one of some cues was heard."""
        return self.has("cue", *values)

    def without(self, kinds: Iterable[str]) -> Heard:
        """The same question less some kinds."""
        dropped = set(kinds)
        return replace(self, tags=tuple(tag for tag in self.tags if tag.kind not in dropped), _index={})

    def changed(self, tags: Iterable[Tag]) -> Heard:
        """The same question with other tags."""
        return replace(self, tags=tuple(tags), _index={})
