"""A question in plain language, heard word by word: longest phrases first, typing errors by the nearest known word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from trading_ai.assistant.combining import combined
from trading_ai.assistant.fillers import FILLERS
from trading_ai.assistant.foreign import in_english
from trading_ai.assistant.lexicon import PARAMETER_WORDS, phrases
from trading_ai.assistant.spelling import corrected_word
from trading_ai.assistant.tags import Heard, Tag

MAX_CHARACTERS = 1_000
"""Longest question; what comes behind is not a question."""

_LONGEST_PHRASE = 7
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
_SMALL = {"two": "2", "three": "3", "four": "4", "five": "5"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _iso(year: str, month: str, day: str) -> str:
    return f"{year}-{_MONTHS.index(month) + 1:02d}-{int(day):02d}"


_CONTRACTED: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"\b(?:right |directly |immediately |straight )?(?:after|following) (?:a |an |one |the |my )?(?:single |previous )?(?:los(?:s|er|ing trade)s?)\b",
        "afterloss1"),
    (r"\b(?:right |directly |immediately |straight )?(?:after|following) (?:a |an |one |the |my )?(?:single |previous )?(?:win|winner|winning trade|wins|winners)\b",
        "afterwin1"),
    (r"\b(?:right |directly )?(?:after|following) (two|three|four|five|\d+) (?:straight |consecutive )?(?:los(?:s|er|ing trade)e?s)(?: in a row| straight)?\b",
        lambda m: f"afterloss{_SMALL.get(m[1], m[1])}"),
    (r"\b(?:right |directly )?(?:after|following) (two|three|four|five|\d+) (?:straight |consecutive )?(?:win(?:ner|ning trade)?s)(?: in a row| straight)?\b",
        lambda m: f"afterwin{_SMALL.get(m[1], m[1])}"),
    (r"\bwin(?:s|ners?)?(?:/| to | vs\.? |-)loss(?:es)? ratio\b|\bratio of (?:avg|average|mean) wins? to (?:avg|average|mean) loss(?:es)?\b", "payoff ratio"),
    (r"\b(?:loss|losing) (?:rate|ratio|percentage|percent|pct)\b", "percentage of losing trades"),
    (r"\bchances? of (?:a )?winn?(?:ing)?(?: trade)?\b|\bprobability of (?:a )?winn?(?:ing)?(?: trade)?\b", "win rate"),
    (r"\b(average|avg|mean|median|typical) (monthly|weekly|quarterly|yearly|annual) ", r"\1 ofgroups \2 "),
    (r"\b(average|avg|mean|median|typical) ((?:\w+ ){1,3})(?:per|a) (month|week|quarter|year)\b", r"\1 ofgroups \2\3"),
    (r"\bfirst trade\b", "first 1 trade"), (r"\bhow 2\b", "how to"),
    (r"(?:^|\b(?:what|which|how many) )%\s*of\b", "percentage of"),
    (r"\b(?:made|earned|gained|won) (more|less) than (?=\d)", r"profit \1 than "),
    (r"\b(winners?|wins|winning trades) (?:bigger|larger|higher|better|greater|more) than (?=\d)", r"\1 profit above "),
    (r"\b(losers?|losses|losing trades) (?:bigger|larger|worse|greater|more) than (?=\d)", r"\1 profit below -"), (r"\bw/ ?(?=\w)", "with "), (r"\bw/o\b", "without"), (r"\bpct\b", "percent"),
    (r"(?:(?<=[:,] )|(?<=^))(?:n |no )?trades(?=, | and )", "number of trades"),
    (r"\b(?:winners?|wins|winning) (?:in )?(?:%|percent)|% (?:of )?(?:winners|wins)\b", "win rate"),
    (r"\b((?:max |maximum )?(?:dd|drawdown))\b(.{0,40}?) in (?:%|percent) and (?:in )?(?:\$|usd|dollars|money|cash|eur)(?=\W|$)",
        r"\1 and \1 percent\2"),
    (r"\b((?:max |maximum )?(?:dd|drawdown))\b(.{0,40}?) in (?:\$|usd|dollars|money|cash) and (?:in )?(?:%|percent)",
        r"\1 and \1 percent\2"),
    (r"\bno (stop|sl|tp|target)(?: loss)?\b", r"\1 of 0"),
    (r"\bchange(?:s|d)? (?:in|of) (?:my )?(?:balance|equity)\b", "net profit"),
    (r"\b(?:can|could|would|will) (?:i|you|we) (?:please )?(?:see|get|have|show|tell|give|know|list|find)(?: me| us| out)?\b", "show me"),
    (r"\b(\d+(?:\.\d+)?) ?(?:usd|eur|gbp|dollars?|bucks|\$|\u20ac)(?=\W|$)", r"\1"), (r"[$\u20ac\u00a3](?=\d)", ""),
    (r"\b(mon|tue|wed|thu|thur|fri|tues|weds)s\b", r"\1"), (r"\bweds\b", "wed"),
    (r"\b(\d{1,2})(?:st|nd|rd|th)? (?:of )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*,? (\d{4})\b", lambda m: _iso(m[3], m[2], m[1])),
    (r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b", lambda m: _iso(m[3], m[1], m[2])),
    (r"\b(\d{4})[/.](\d{1,2})[/.](\d{1,2})\b", lambda m: f"{m[1]}-{int(m[2]):02d}-{int(m[3]):02d}"),
    (r"\bmost trades\b", "highest number of trades"), (r"\b(?:fewest|least) trades\b", "lowest number of trades"),
    (r"\b(than|over|under|least|most|within) (?:a|an|one) (day|hour|week|bar)\b", r"\1 1 \2"),
    (r"\b(?:good|bad) day\b", "good"), (r"\bday to trade\b", "day"), (r"\bto trade\b", ""), (r"\btrades an? (day|week|"
        r"month)\b", r"trades per \1"),
    (r"\bgimme\b", "give me"), (r"\bhows\b", "how is"), (r"\bnett\b", "net"), (r"\bbroke even\b", "break even"),
    (r"\bnoon\b", "12:00"), (r"\bmidnight\b", "0:00"), (r"\bwhich exits\b", "which exit reasons"),
    (r"\bhow many (losers|losses|winners|wins|losing trades|winning trades) in a row\b", r"longest \1 in a row"),
    (r"\b(in a row) at most\b", r"\1"), (r"\bor not\b", ""), (r"\b(trades?|loss|win) of the (?:year|month)\b", r"\1"),
    (r"\b(\d{1,2}) ([ap]m)\b", r"\1\2"),
    (r"\bdays in profit\b", "how many winning days"),
    (r"\bday with the (?:biggest|largest|worst) loss\b", "worst day"),
    (r"\b(trades) in (?:a|one) (day|week|month)\b", r"\1 per \2"),
    (r"\b(?:if )?(?:the )?(spread|commission|swap|slippage|costs?|fees?) (?:was|were|is) (?:zero|0)\b",
        r"net profit without \1"),
    (r"\bhow long (?:was|is|did|does) (?:the |my )?(?:worst |longest |deepest |max )?drawdown(?: last)?\b",
        "max drawdown days"),
    (r"\b(biggest|largest|smallest|big|large) (?:are (?:my|the) )?positions?\b", r"\1 position size"),
    (r"\b(commissions?|swaps?|spreads?|slippage|fees?|costs?) (?:per|a|each) trade\b", r"\1 paid"),
    (r"\bclosed (?:on|at|by) (sl|tp)\b", r"hit \1"),
    (r"\bmake (.+?) better\b", r"improve \1"), (r"\bhow do i (perform|do|"
        r"fare)\b", r"how did i \1"),
    (r"\bcan i (?:ignore|leave out|drop)\b", "matters"), (r"\b(best|worst) day of the "
        r"week\b", r"\1 weekday"), (r"\bhow often (?:does|do|did) (.+?) win\b", r"win rate of \1"),
    (r"\bend(?:s|ed)? up with\b", "final equity"), (r"\bdoes (.+?) explain\b", r"is the importance of \1"),
    (r"(?<=\w )can i (?:be|say|trust)\b", ""), (r"\b(median|maximum|minimum) (?:net )?profit (?:per|a) "
        r"trade\b", r"\1 profit of trades"),
    (r"\b(average|avg|mean) (?:net )?(?:daily )?(profit|pnl|loss) (?:per|a|each) (?:trading "
        r")?day\b", r"\1 \2 of trading days"),
    (r"\baverage daily (profit|pnl|loss)\b", r"average \1 of trading "
        r"days"), (r"\bwf\b", "walk forward"), (r"\bq1\b", "january february march"),
    (r"\bq2\b", "april in may june"), (r"\bq3\b", "july august september"), (r"\bq4\b", "october november "
        "december"), (r"\blast trade\b", "last 1 trade"), (r"\bin (?:hours|bars|days)\b", ""),
    (r"\blongest ((?:winning|losing|long|short|buy|sell) )?trades?\b", r"\1trade with the highest bars held"),
    (r"\bshortest ((?:winning|losing|long|short|buy|sell) )?trades?\b", r"\1trade with the lowest bars held"),
    (r"\bhow many (?:of (?:my|the) )?(?:trades )?(?:did|do|have) (?:i|we|it) los[et]\b", "how many losing trades"),
    (r"\bhow many (?:of (?:my|the) )?(?:trades )?(?:did|do|have) (?:i|we|it) w[io]n\b", "how many winning trades"),
    (r"\bdata (?:is )?(?:ok|okay|fine|good)\b", "data quality"),
    (r"\bwhat's\b|\bwhats\b", "what is"), (r"\bit's\b", "it is"), (r"\bwho's\b", "who is"), (r"\bhow's\b", "how is"),
    (r"\bwhere's\b", "where is"), (r"\bi'm\b", "i am"), (r"\blet's\b", "let us"), ("[\u2018\u2019]", "'"),
    ("[\u201c\u201d]", '"'),
    (r"\bno\. of\b", "number of"), (r"\btake-profit\b", "take profit"), (r"\bstop-loss\b", "stop loss"),
    (r"\bdraw down\b|\bdraw-down\b|"
        r"\bdrawdawn\b", "drawdown"), (r"\bwin-rate\b", "win rate"), (r"\bthe day of\b", "day of"),
    (r"(?<=\w)'s\b", ""), (r"(?<=s)'(?=\s|$)", ""), (r"(\d)\s+%", r"\1%"), (r"\bp and l\b", "pnl"),
)  # fmt: skip


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
    text = unicodedata.normalize("NFKC", question[:MAX_CHARACTERS])
    text = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text).lower()
    for pattern, instead in _CONTRACTED:
        text = re.sub(pattern, instead, text)
    return " ".join(text.split())


def hear(question: str, names: Names, context: str = "") -> Heard:
    """Understand a question word by word.

    Args:
        question: as it was asked.
        names: what is stored.
        context: id of the run that it is asked about, or "".
    """
    text, translated = in_english(normal(question))
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
    items: list[Tag | str] = []
    place = 0
    while place < len(tokens):
        length, item = _longest(tokens, place, names)
        items.append(item)
        place += length
    tags, unknown = combined(items)
    searches = [tag for tag in tags if tag.kind == "name" and tag.value in names.searches]
    if searches and not any(tag.kind == "noun" and tag.value in _OF_RUNS for tag in tags):
        tags = (*tags, Tag("noun", "optimization", searches[0].text))  # its name says what it is
    return Heard(question if not translated else text, tags, unknown, (*translated, *corrected), context)


def _parted(token: str, names: Names) -> list[str]:
    """``sl/tp`` as two words, where it is no name."""
    pieces = token.split("/")
    known = len(pieces) > 1 and token not in names.phrases and token not in phrases()
    return pieces if known and all(piece in _vocabulary() for piece in pieces) else [token]


def _longest(tokens: list[str], place: int, names: Names) -> tuple[int, Tag | str]:
    """The longest phrase that begins at a place, and its tag; a word that is none stays a word."""
    known = phrases()
    for length in range(min(_LONGEST_PHRASE, len(tokens) - place), 0, -1):
        phrase = " ".join(tokens[place : place + length])
        if length == 1 and phrase.startswith('"'):
            return 1, _quoted(phrase.strip('"'), names)
        if phrase in names.shadowed and place and tokens[place - 1] in _BEFORE_NAMES:
            return length, Tag("name", names.shadowed[phrase], phrase)
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


def _quoted(text: str, names: Names) -> Tag:
    found = names.phrases.get(text)
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
