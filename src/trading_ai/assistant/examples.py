"""Questions as people put them, each with the question that means the same and is understood: `examples.txt`.

A grammar knows the words that it was told. People have more of them, and most of what they ask has been asked before in
other words. So a question that the grammar is not sure of is compared with examples: those that are like it say
which plain question it is, and that one is answered in its place, with the runs, times and numbers of the question.

Likeness is that of bags of words: words and pairs of words, weighted by in how few groups of examples they occur
(Rocchio's nearest centroid, with inverse category frequency). The lead over the next group says how sure it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice, pairwise

import numpy as np

from trading_ai.assistant.centroids import Centroids, centroids
from trading_ai.assistant.hearing import Names, tagged_words
from trading_ai.assistant.recipes import empty_words, recipes
from trading_ai.assistant.tags import Tag
from trading_ai.assistant.texts import lines_of, stripped

SLOTS = (
    "backtest", "optimization", "symbol", "timeframe", "parameter", "weekday", "month", "session", "year", "date",
    "number",
)  # fmt: skip
"""What differs between questions that are alike: it is taken over from the question that is asked."""

_OF_RUNS = ("backtest", "optimization")
_SLOT = re.compile(r"\{(\w+)\}")
_PAIR, _NEAR_PAIR = 0.4, 0.2
"""Weights of two words side by side, and of two with one between them, where a word has 1."""

_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "es", "ed", "s", "e", "ly")
_SHORT = 2
_LEAST_EXACT = 2
"""Words that say something, from which a question may be an example word for word."""

RECIPE, REFUSAL = "recipe ", "refusal "
"""How patterns begin that are no questions: a thing to do, by its place; something that is refused, by its name."""


@dataclass(frozen=True)
class Slotted:
    """A question with slots where it names something.

    Attributes:
        words: in lower case, with ``{backtest}`` and the like for what is named.
        fills: what was named, ``(slot, text)``, in order.
    """

    words: tuple[str, ...]
    fills: tuple[tuple[str, str], ...]

    @property
    def counts(self) -> Counter[str]:
        """How many of each slot there are."""
        return Counter(slot for slot, _ in self.fills)

    @property
    def runs(self) -> tuple[tuple[str, str], ...]:
        """Those of the fills that are runs."""
        return tuple(fill for fill in self.fills if fill[0] in _OF_RUNS)


@dataclass(frozen=True)
class Nearest:
    """A group of examples that a question is like.

    Attributes:
        pattern: the question that its examples mean, with slots; or a recipe, or a refusal.
        likeness: cosine, 0 to 1.
        lead: how much more like it is than the next group.
    """

    pattern: str
    likeness: float
    lead: float


def slotted(question: str, names: Names) -> Slotted:
    """A question with slots for what it names.

    Args:
        question: as it was asked.
        names: what is stored.
    """
    words: list[str] = []
    fills: list[tuple[str, str]] = []
    text = re.sub(r"['\u2019]s\b", " ", question.lower())
    for item in tagged_words(text, names):
        slot, said = _slot(item, names) if isinstance(item, Tag) else _number(item)
        if slot:
            words.append(f"{{{slot}}}")
            fills.append((slot, said))
        else:
            words.extend(said.split())
    return Slotted(tuple(words), tuple(fills))


def _slot(tag: Tag, names: Names) -> tuple[str, str]:
    if tag.kind == "name":
        return ("optimization" if tag.value in names.searches else "backtest"), f'"{tag.text.strip(chr(34))}"'
    if tag.kind in {"id_backtest", "id_optimization"}:
        return tag.kind.removeprefix("id_"), tag.text
    return (tag.kind if tag.kind in SLOTS else ""), tag.text


def _number(word: str) -> tuple[str, str]:
    if re.fullmatch(r"(?:19|20)\d\d", word):
        return "year", word
    return ("number" if re.fullmatch(r"\d[\d,]*(?:\.\d+)?", word) else ""), word


def nearest(question: Slotted, kinds: Sequence[str] = ("", RECIPE, REFUSAL), *, without: str = "") -> Nearest | None:
    """The group of examples that a question is most like, of those that have a place for all that it names.

    Args:
        question: with its slots.
        kinds: how patterns begin that may be found; "" for questions.
        without: a pattern that is not looked at.
    """
    index, counts = _index(), question.counts
    bare = _bare(question.words)
    told = index.exact.get(bare) if len(bare) >= _LEAST_EXACT else None
    if told is not None and _fits(told, counts, kinds) and told != without:
        return Nearest(told, 1.0, 1.0)
    likeness, patterns = index.groups.likeness(_features(question.words)), index.groups.groups
    near = (int(group) for group in np.argsort(-likeness, kind="stable") if likeness[group] > 0)
    fitting = (group for group in near if patterns[group] != without and _fits(patterns[group], counts, kinds))
    best, *others = [*islice(fitting, 2)] or [-1]
    if best < 0:
        return None
    second = float(likeness[others[0]]) if others else 0.0
    return Nearest(patterns[best], float(likeness[best]), float(likeness[best]) - second)


def like_it(found: Nearest, question: Slotted) -> list[str]:
    """The examples of a group, with what another question names."""
    return [filled(text, question) for text in _index().texts.get(found.pattern, ())]


def in_group(word: str, pattern: str) -> bool:
    """Whether an example of a group has a word."""
    return all(_stem(part) in _stems_of(pattern) for part in _split([word]))


@cache
def _stems_of(pattern: str) -> frozenset[str]:
    return frozenset(_stem(word) for text in _index().texts.get(pattern, ()) for word in _split(text.split()))


def strange(question: Slotted) -> list[str]:
    """Words of a question that no example has, and that are long enough to say something."""
    known = _index().groups.features
    return [
        word
        for word in question.words
        if len(word) > _SHORT and word[0].isalpha() and not all(_stem(part) in known for part in _split([word]))
    ]


_LEAST_OF_A_RECIPE = 0.1


def nearest_recipes(question: Slotted) -> list[Nearest]:
    """The two things to do that a question is most like, the nearest first; none where it is of something else."""
    first = nearest(question, (RECIPE,))
    told = [word for word in question.words if len(word) > _SHORT and word not in empty_words()]
    if first is None or first.likeness < _LEAST_OF_A_RECIPE or len(strange(question)) * 2 > len(told):
        return []
    second = nearest(question, (RECIPE,), without=first.pattern)
    return [first, *([second] if second is not None else [])]


def filled(pattern: str, question: Slotted) -> str:
    """The plain question of a group, with what another question names."""
    left = {slot: [text for kind, text in question.fills if kind == slot] for slot in SLOTS}

    def said(found: re.Match[str]) -> str:
        slot = found[1]
        if left.get(slot):
            return left[slot].pop(0)
        return f"my {slot}"

    return _SLOT.sub(said, pattern)


def _fits(pattern: str, counts: Counter[str], kinds: Sequence[str]) -> bool:
    """Whether a group has a place for all that a question names, and asks for nothing else but a run."""
    kind = next((k for k in (RECIPE, REFUSAL) if pattern.startswith(k)), "")
    if kind not in kinds:
        return False
    if kind:
        return True
    own = _slots(pattern)
    if any(own[slot] != counts[slot] for slot in SLOTS if slot not in _OF_RUNS) or own["number"] > 1:
        return False  # of two numbers, which is which is not told by likeness
    return all((counts[slot] in {own[slot], 0} and own[slot] < 2) or own[slot] == counts[slot] for slot in _OF_RUNS)


@cache
def _slots(pattern: str) -> Counter[str]:
    return Counter(_SLOT.findall(pattern))


def _split(words: Sequence[str]) -> list[str]:
    """Words with those apart that a hyphen joins: "walk-forward" is also written "walk forward"."""
    return [part for word in words for part in (word.split("-") if word[0].isalpha() else [word]) if part]


def _features(words: Sequence[str]) -> dict[str, float]:
    stems = ["^", *(_stem(word) for word in _split(words) if word[0].isalnum() or word[0] in "{%"), "$"]
    found = dict.fromkeys(stems[1:-1], 1.0)
    found |= {f"{a}_{b}": _PAIR for a, b in pairwise(stems)}
    found |= {f"{a}__{b}": _NEAR_PAIR for a, b in zip(stems, stems[2:], strict=False)}
    return found


@cache
def _same() -> dict[str, str]:
    """Words that say the same, by the one that stands for them."""
    return {word: line.split()[0] for line in lines_of("same_words.txt") for word in line.split()}


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    if word[0] == "{":
        return word
    return stripped(_same().get(word, word), _ENDINGS)


_POLITE = frozenset({
    "how", "do", "i", "can", "you", "please", "me", "my", "the", "a", "an", "tell", "show", "give", "to", "us", "what",
    "is", "what's", "whats",
})  # fmt: skip
"""Words that every question may have."""


def _bare(words: Sequence[str]) -> tuple[str, ...]:
    """Words without those that every question may have."""
    return tuple(word for word in _split(words) if word not in _POLITE and word[0] not in "?.,!")


@dataclass(frozen=True)
class _Index:
    groups: Centroids
    exact: dict[tuple[str, ...], str]
    texts: dict[str, list[str]]


@cache
def _index() -> _Index:
    """The groups of examples: what they are like, and their texts."""
    exact: dict[tuple[str, ...], str] = {}
    texts: dict[str, list[str]] = {}
    for pattern, text in _examples():
        texts.setdefault(pattern, []).append(text)
        exact.setdefault(_bare(tuple(text.split())), pattern)
    groups = centroids((pattern, _features(text.split())) for pattern, of_it in texts.items() for text in of_it)
    return _Index(groups, exact, texts)


def _examples() -> Iterable[tuple[str, str]]:
    """Patterns with their examples, the pattern itself among them; slots are in place of names."""
    pattern = ""
    for line in lines_of("examples.txt"):
        if line.startswith("? "):
            pattern = line[2:]
            yield pattern, pattern
        elif line.startswith("! "):
            pattern = REFUSAL + line[2:]
        else:
            yield pattern, line
    for place, recipe in enumerate(recipes()):
        for text in recipe.asked:
            yield f"{RECIPE}{place}", text
