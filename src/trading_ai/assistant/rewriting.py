"""Turns of phrase that are written in the words of the lexicon before a question is heard."""

from __future__ import annotations

import re
from collections.abc import Callable

_SMALL = {"two": "2", "three": "3", "four": "4", "five": "5"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _iso(year: str, month: str, day: str) -> str:
    return f"{year}-{_MONTHS.index(month) + 1:02d}-{int(day):02d}"


REWRITTEN: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"\b(?:right |directly |immediately |straight )?(?:after|following) (?:a |an |one |the |my )?(?:single |"
        r"previous )?(?:los(?:s|er|ing trade)s?)\b",
        "afterloss1"),
    (r"\b(?:right |directly |immediately |straight )?(?:after|following) (?:a |an |one |the |my )?(?:single |"
        r"previous )?(?:win|winner|winning trade|wins|winners)\b",
        "afterwin1"),
    (r"\b(?:right |directly )?(?:after|following) (two|three|four|five|\d+) (?:straight |consecutive )"
        r"?(?:los(?:s|er|ing trade)e?s)(?: in a row| straight)?\b",
        lambda m: f"afterloss{_SMALL.get(m[1], m[1])}"),
    (r"\b(?:right |directly )?(?:after|following) (two|three|four|five|\d+) (?:straight |consecutive )"
        r"?(?:win(?:ner|ning trade)?s)(?: in a row| straight)?\b",
        lambda m: f"afterwin{_SMALL.get(m[1], m[1])}"),
    (r"\bwin(?:s|ners?)?(?:/| to | vs\.? |-)loss(?:es)? ratio\b|\bratio of (?:avg|average|mean) wins? to (?:avg|"
        r"average|mean) loss(?:es)?\b", "payoff ratio"),
    (r"\b(?:loss|losing) (?:rate|ratio|percentage|percent|pct)\b", "percentage of losing trades"),
    (r"\bchances? of (?:a )?winn?(?:ing)?(?: trade)?\b|\bprobability of (?:a )?winn?(?:ing)?(?: trade)?\b", "win rate"),
    (r"\b(average|avg|mean|median|typical) (monthly|weekly|quarterly|yearly|annual) ", r"\1 ofgroups \2 "),
    (r"\b(average|avg|mean|median|typical) ((?:\w+ ){1,3})(?:per|a) (month|week|quarter|year)\b", r"\1 ofgroups \2\3"),
    (r"\bh1 (?:vs\.?|versus|and|or|against|compared (?:to|with)) h2\b|\bh1/h2\b", "by half year"),
    (r"\bfirst (?:half )?(?:vs\.?|versus|and|or|against) second half of (?=(?:the year )?\d{4})", "by half year "),
    (r"\bfirst half of (?:the year )?(?=\d{4})|\bh1 (?=\d{4})|\bfirst half of the year\b", "january february "
        "march april in may june "),
    (r"\bsecond half of (?:the year )?(?=\d{4})|\bh2 (?=\d{4})|\bsecond half of the year\b",
        "july august september october november december "),
    (r"(?:(?<=, )|(?<= n )|(?<=and ))worst trade\b", "largest loss"), (r"(?:(?<=, )|(?<= n )|(?<=and ))best "
        r"trade\b", "largest win"),
    (r"\b(?:what )?if (?:i|we) (?:skip|avoid|drop|exclude|leave out|ignore|had skipped|skipped|did not trade|do "
        r"not trade|don't trade)(?: on)?\b",
        "net profit without"),
    (r"\bwithout (?:its|the|my) (\d+) (?:best|biggest|largest|top) (?:trades|winners|wins)\b", r"without the "
        r"best \1 trades"),
    (r"\bstd dev\b|\bstdev\b|\bst dev\b", "standard deviation"),
    (r"\bfirst trade\b", "first 1 trade"), (r"\bhow 2\b", "how to"),
    (r"(?:^|\b(?:what|which|how many) )%\s*of\b", "percentage of"),
    (r"\b(?:made|earned|gained|won) (more|less) than (?=\d)", r"profit \1 than "),
    (r"\b(winners?|wins|winning trades) (?:bigger|larger|higher|better|greater|more) than (?=\d)", r"\1 profit above "),
    (r"\b(losers?|losses|losing trades) (?:bigger|larger|worse|greater|more) than "
        r"(?=\d)", r"\1 profit below -"),
    (r"\bw/o\b", "without"), (r"\bmin(?:imum)? (?=\d)", "at least "), (r"\bmax(?:imum)? (?=\d)", "at most "),
    (r"\bw/ ?(?=\w)", "with "),
    (r"\ba lot(?: of)?\b|\blots of\b", ""), (r"\b(?:end|ended|ends|add|adds|added|sum|summed|come|comes|came|"
        r"turn|turned) up\b", ""),
    (r"\b(?:break|broken|split|sorted|grouped|separated) (?:down )?by\b", "by"), (r"\bbreakdown (?:of|by)\b", "by"),
    (r"\b(?:each|any) other\b", ""), (r"\bover time\b", "drift"), (r"\bup days?\b", "winning days"),
    (r"\bdown days?\b", "losing days"), (r"\bdown months?\b", "losing months"), (r"\bup months?\b", "winning months"),
    (r"\b(?:this|next|first|last|most of the|all the) time\b", ""), (r"\bpct\b", "percent"),
    (r"(?:(?<=[:,] )|(?<=^))(?:n |no )?trades(?=, | and | n )", "number of trades"),
    (r"\b(?:winners?|wins|winning) (?:in )?(?:%|percent)|% (?:of )?(?:winners|wins)\b", "win rate"),
    (r"\b((?:max |maximum )?(?:dd|drawdown))\b(.{0,40}?) in (?:%|percent) and (?:in )?(?:\$|usd|dollars|money|"
        r"cash|eur)(?=\W|$)",
        r"\1 and \1 percent\2"),
    (r"\b((?:max |maximum )?(?:dd|drawdown))\b(.{0,40}?) in (?:\$|usd|dollars|money|cash) and (?:in )?(?:%|percent)",
        r"\1 and \1 percent\2"),
    (r"\bno (stop|sl|tp|target)(?: loss)?\b", r"\1 of 0"),
    (r"\bchange(?:s|d)? (?:in|of) (?:my )?(?:balance|equity)\b", "net profit"),
    (r"(?<!how )(?<!where )\b(?:can|could|would|will) (?:i|you|we) (?:please )?(?:see|get|have|show|tell|give|"
        r"know|list|find)(?: me| us| out)?\b", "show me"),
    (r"\b(\d+(?:\.\d+)?) ?(?:usd|dollars?|bucks|\$|\u20ac)(?=\W|$)|\b(\d+(?:\.\d+)?) ?(?:eur|gbp)(?=[?.,!]|$)",
        lambda m: m[1] or m[2]), (r"[$\u20ac\u00a3](?=\d)", ""),
    (r"\b(mon|tue|wed|thu|thur|fri|tues|weds)s\b", r"\1"), (r"\bweds\b", "wed"),
    (r"\b(\d{1,2})(?:st|nd|rd|th)? (?:of )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*,? (\d{4})"
        r"\b", lambda m: _iso(m[3], m[2], m[1])),
    (r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})"
        r"\b", lambda m: _iso(m[3], m[1], m[2])),
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
    (r"\bhow far back (?:do|does|did|can|will)\b(.*?)\b(?:go|goes|reach|reaches|date|dates)\b",
        r"date range of the data of\1"),
    (r"\bhow far back\b", "date range"),
    (r"\b(\d{1,2})h ?(?:to|till|until|-|\u2013) ?(\d{1,2})h\b", r"between \1 and \2 o'clock"),
    (r"\btrades (under|below|over|above|within|(?:longer|shorter|less|more) than) (\d+) ?h\b",
        r"trades held \1 \2 hours"),
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
    (r"\blongest ((?:winning|losing|long|short|buy|sell) )?trades?\b(?! in a row)", r"\1trade with the highest "
        r"bars held"),
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
"""Patterns of questions in lower case, and what is read instead, one after the other."""
