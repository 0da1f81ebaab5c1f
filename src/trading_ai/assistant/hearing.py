"""A question in plain language, heard word by word: longest phrases first, typing errors by the nearest known word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from trading_ai.assistant.combining import combined
from trading_ai.assistant.fillers import FILLERS
from trading_ai.assistant.foreign import in_english
from trading_ai.assistant.lexicon import PARAMETER_WORDS, phrases
from trading_ai.assistant.passing import MOST, says_nothing
from trading_ai.assistant.rewriting import rewritten
from trading_ai.assistant.spelling import corrected_word
from trading_ai.assistant.tags import Heard, Tag

MAX_CHARACTERS = 1_000
"""Longest question; what comes behind is not a question."""

_LONGEST_PHRASE = 7
_COUNTED = frozenset({"trade", "trades", "two", "three", "four", "five", "ten", "twenty"})
_OF_RUNS = frozenset({"backtest", "optimization", "run", "trade", "trial", "winner"})
_BEFORE_NAMES = frozenset({
    "on", "of", "for", "called", "named", "run", "backtest", "optimization", "is", "between", "with", "from", "to",
    "vs",
    "versus", "until",
})  # fmt: skip
"""Words that the name of a run may follow."""

_TOKEN = re.compile(
    r'"[^"]{1,120}"'
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{6,64}\b"
    r"|\d{4}-\d{2}(?:-\d{2})?\b"
    r"|\d{1,2}:\d{2}"
    r"|\d[\d,]*(?:\.\d+)?(?:am|pm|k|x|h)?\b"
    r"|\w+(?:[-'&/.]\w+)*"
    r"|>=|<=|[><=%#]"
)


@dataclass(frozen=True)
class Names:
    """What is stored, by what users call it.

    Attributes:
        phrases: lower-case names with what they are, ``(kind, value)``: symbols, strategies, timeframes, names of runs,
            searched parameters.
        ids: whole ids of runs and datasets with their kind.
        shadowed: names of runs that are words of questions too, such as a run called "going", by what they are in
            lower case; they are heard as names where a word stands before them that names follow.
        searches: names that optimizations have and no backtest has.
    """

    phrases: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    shadowed: Mapping[str, str] = field(default_factory=dict)
    searches: frozenset[str] = frozenset()


def normal(question: str) -> str:
    """A question in lower case, without control characters, contractions written out."""
    text = unicodedata.normalize("NFKC", question[:MAX_CHARACTERS])[:MAX_CHARACTERS]
    text = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text).lower()
    return " ".join(rewritten(text).split())


def hear(question: str, names: Names, context: str = "") -> Heard:
    """Understand a question word by word.

    Args:
        question: as it was asked.
        names: what is stored.
        context: id of the run that it is asked about, or "".
    """
    text, translated = in_english(normal(_in_quotes(question, names)))
    tokens = _TOKEN.findall(normal(text) if translated else text)
    vocabulary = _vocabulary() | {word for phrase in names.phrases for word in phrase.split()}
    vocabulary -= FILLERS  # to hear a word that says nothing in one that says something would hide it
    tokens = [part for token in tokens for part in _parted(token, names)]
    corrected: list[tuple[str, str]] = []
    for place, token in enumerate(tokens):
        better = corrected_word(token, vocabulary, _vocabulary())
        if better != token:
            corrected.append((token, better))
            tokens[place] = better
    items = [item for _, item in _items(tokens, names)]
    tags, unknown = combined(_searched(items, names))
    tags = (*tags, *_swallowed(question, text, tags, names))
    searches = [tag for tag in tags if tag.kind == "name" and tag.value in names.searches]
    if searches and not any(tag.kind == "noun" and tag.value in _OF_RUNS for tag in tags):
        tags = (*tags, Tag("noun", "optimization", searches[0].text))  # its name says what it is
    if any(tag.kind == "name" for tag in tags) and not _ASKS_OF_IMPORT.search(text):
        tags = tuple(tag for tag in tags if tag.key != "cue:imported")  # it says which, and the name does too
    passed = tuple(word for word in unknown if says_nothing(word) and not _compares(word, text))
    if len(passed) <= MOST:
        unknown = tuple(word for word in unknown if word not in passed)
    else:
        passed = ()
    return Heard(question if not translated else text, tags, unknown, (*translated, *corrected), context, passed)


_ASKS_OF_IMPORT = re.compile(r"\b(?:was|were|is|are|when|where|who|which|replay\w*|differ\w*)\b.*\b(?:import|report)")


def _compares(word: str, text: str) -> bool:
    """Whether a word says what is most or least so: "performed most poorly", which may be the other end."""
    return re.search(rf"\b(?:most|least|more|less|very|so|too) {re.escape(word)}\b", text) is not None


def tagged_words(text: str, names: Names) -> list[Tag | str]:
    """Words of a text, with tags for those that are known: nothing is reworded, corrected or put together.

    Args:
        text: in lower case.
        names: what is stored.
    """
    found = _items(_TOKEN.findall(text), names)
    return [replace(item, text=said) if isinstance(item, Tag) else said for said, item in found]


def _items(tokens: list[str], names: Names) -> Iterator[tuple[str, Tag | str]]:
    """The longest phrases that tokens are made of, each as it was said and as what it is heard."""
    place = 0
    while place < len(tokens):
        length, item = _longest(tokens, place, names)
        yield " ".join(tokens[place : place + length]), item
        place += length


_LEAST_NAME = 5
"""Letters of a name that is looked for in the question as it was asked: shorter ones are words of questions too."""


def _swallowed(question: str, text: str, tags: tuple[Tag, ...], names: Names) -> list[Tag]:
    """Runs that a question names, and that its other wording no longer does: nothing that is meant may get lost."""
    words = re.findall(r"[\w-]+", question.lower())
    asked = f" {' '.join(words)} "
    found = []
    for phrase, (kind, value) in names.phrases.items():
        if kind != "name" or len(phrase) < _LEAST_NAME or f" {phrase} " not in asked or phrase in text:
            continue
        if not any(tag.kind == "name" and (tag.value == value or phrase in tag.text) for tag in tags):
            found.append(Tag("name", value, phrase))
    return found[:1]


def _searched(items: list[Tag | str], names: Names) -> list[Tag | str]:
    """``best period``, ``the range of period``: a parameter that has the name of another thing, where it is meant."""
    about = any(
        isinstance(t, Tag)
        and (
            (t.kind == "noun" and t.value in {"optimization", "trial", "winner", "param"})
            or (t.kind == "cue" and t.value in {"edge", "importance", "robust", "trend", "plateau", "correlated"})
            or (t.kind == "name" and t.value in names.searches)
        )
        for t in items
    )
    if not about:
        return items
    return [
        Tag("parameter", names.phrases[t.text][1], t.text)
        if isinstance(t, Tag) and t.kind == "cue" and names.phrases.get(t.text, ("", ""))[0] == "parameter"
        else t
        for t in items
    ]


def _parted(token: str, names: Names) -> list[str]:
    """``sl/tp`` as two words, where it is no name."""
    pieces = token.split("/")
    known = len(pieces) > 1 and token not in names.phrases and token not in phrases()
    return pieces if known and all(piece in _vocabulary() or piece in names.phrases for piece in pieces) else [token]


def _longest(tokens: list[str], place: int, names: Names) -> tuple[int, Tag | str]:
    """The longest phrase that begins at a place, and its tag; a word that is none stays a word."""
    known = phrases()
    for length in range(min(_LONGEST_PHRASE, len(tokens) - place), 0, -1):
        phrase = " ".join(tokens[place : place + length])
        if length == 1 and phrase.startswith('"'):
            return 1, _quoted(phrase.strip('"'), names)
        if phrase in names.shadowed and place and tokens[place - 1] in _BEFORE_NAMES:
            return length, Tag("name", names.shadowed[phrase], phrase)
        if (
            phrase == "first"
            and place + 1 < len(tokens)
            and (tokens[place + 1].isdigit() or tokens[place + 1] in _COUNTED)
        ):
            return 1, phrase  # the first 3 trades, whatever a run is called
        if phrase in names.phrases:
            kind, value = names.phrases[phrase]
            if kind != "parameter" or phrase not in known or "_" in phrase:
                return length, Tag(kind, value, phrase)
        if phrase in known:
            kind, value = _meant(phrase, known[phrase], tokens, place, length)
            return length, Tag(kind, value, phrase)
        parameter = _parameters().get(phrase)
        if parameter is not None:
            return length, Tag("parameter", parameter, phrase)
    return 1, _entity(tokens[place], names) or tokens[place]


def _meant(
    phrase: str, meanings: tuple[tuple[str, str], ...], tokens: list[str], place: int, length: int
) -> tuple[str, str]:
    """What a phrase with several meanings means where it stands."""
    if len(meanings) == 1:
        return meanings[0]
    by_kind = dict(meanings)
    if phrase in {"mean", "means"}:
        asks = place + length == len(tokens) or any(
            t in {"does", "do", "is", "by"} for t in tokens[max(0, place - 5) : place]
        )
        asks = asks and tokens[place - 1 : place] != ["the"]
        return ("cue", "meaning") if asks else ("agg", "avg")
    for kind in ("direction", "metric", "exit", "outcome", "noun", "day", "dim", "order"):
        if kind in by_kind:
            return kind, by_kind[kind]
    return meanings[0]


def _in_quotes(question: str, names: Names) -> str:
    """Names of runs in single quotes as in double ones; other apostrophes stay what they are."""

    def quoted(found: re.Match[str]) -> str:
        words = spoken(found[1])
        return f'"{found[1]}"' if words in names.phrases or words in names.shadowed else found[0]

    return re.sub("['\u2018]([^'\u2018\u2019\"]{3,120})['\u2019]", quoted, question)


def spoken(name: str) -> str:
    """A name as a question holds it: its words in lower case, and nothing between them."""
    return " ".join(re.findall(r"\w+(?:[-'&/.]\w+)*", normal(name)))


def _quoted(text: str, names: Names) -> Tag:
    words = spoken(text)
    if words in names.shadowed:
        return Tag("name", names.shadowed[words], text)
    found = names.phrases.get(text) or names.phrases.get(words)
    return Tag("name", text, text) if found is None else Tag(found[0], found[1], text)


def _entity(token: str, names: Names) -> Tag | None:
    """An id or a unique prefix of one."""
    if len(token) < 4 or not re.fullmatch(r"[0-9a-f-]+", token) or not any(c.isdigit() for c in token):
        return None
    found = [key for key in names.ids if key.startswith(token)]
    if len(found) == 1:
        return Tag(f"id_{names.ids[found[0]]}", found[0], token)
    if token.isdigit() and not found:
        return None
    if re.search(r"[a-f]", token) and len(token) >= 6:
        return Tag("id_unknown", token, token)
    return None


@cache
def _parameters() -> dict[str, str]:
    return {word: name for name, words in PARAMETER_WORDS.items() for word in (name, *words)}


@cache
def _vocabulary() -> frozenset[str]:
    every = [*phrases(), *_parameters(), *FILLERS]
    return frozenset(word for phrase in every for word in phrase.split())
