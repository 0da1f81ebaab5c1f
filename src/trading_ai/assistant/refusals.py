"""What is never answered: orders to change something, the future, secrets, live accounts, SQL, talk to a model."""

from __future__ import annotations

import re

from trading_ai.assistant.hearing import normal

_VERBS = (
    "delete|drop|remove|erase|wipe|truncate|destroy|kill|purge|clear|reset|update|insert|alter|rename|overwrite|"
    "modify|edit|"
    "cancel|pause|resume|restart|stop(?! \\d|s)|start|launch|execute|buy|sell|place|close|open|deploy|install|shut "
    "down|publish|"
    "upload|add(?! up)|append|rerun|re-run|archive|email|"
    "create|grant|revoke|change|set"
)
_POLITE = (
    r"(?:please |now |just |then |and |also |can you |could you |would you |will you |i want you to |go ahead and |"
    r"you must |you should )*"
)

_RULES: tuple[tuple[str, str], ...] = (
    (
        r";\s*\w|\bselect\b.+\bfrom\b|\b(?:drop|truncate|alter|create|delete from|insert into|"
        r"update)\s+(?:the\s+)?(?:table|tables|database|view|schema)"
        r"|\bdelete\s+from\b|\binsert\s+into\b|\bunion\s+(?:all\s+)?select\b|--\s*$|/\*|\bor\s+1\s*=\s*1\b|\bpragma\b|"
        r"\battach\b|\bcopy\b.+\bto\b"
        r"|\bupdate\b.+\bset\b|\bexec\b|\bread_csv\b|\binformation_schema\b|\bsqlite_master\b|\bpg_\w+",
        "That is SQL, or a part of it, and not a question in plain language: `trading-ai sql` answers one SELECT, and "
        "nothing can be changed.",
    ),
    (
        r"\bignore\b.*\b(?:above|previous|prior|earlier|instructions?|rules?|all)\b|\bsystem prompt\b|\byour "
        r"(?:instructions|prompt|rules)\b|\bjailbreak\b"
        r"|\bpretend\b|\bact as\b|\byou are (?:now )?an?\b|\bdisregard\b|\boverride\b|\bdeveloper mode\b|\broleplay\b|"
        r"\brole play\b|\bforget (?:everything|your|the|all|what)\b"
        r"|\brepeat (?:after me|the following|the words)\b|\bsay (?:that )?(?:it|the|my|this) .*(?:survives|"
        r"profitable|is not luck)|\bmake up\b|\binvent\b|\bdo anything now\b"
        r"|\byou (?:must|have to|shall|will now|need to) (?:say|answer|reply|respond|tell|print|show|output|pretend|"
        r"ignore)\b"
        r"|\bignore the (?:data|database|rows|figures)\b"
        r"|\b(?:do|obey|follow|execute|carry out) (?:as|what|whatever|the orders?|the commands?|everything)\b.{0,40}"
        r"\b(?:says?|tells?|asks?|written|orders?)\b"
        r"|\b(?:round|adjust|massage|tweak|inflate|beautify|fake|falsify|fudge)\b.{0,40}\b(?:up|down|"
        r"for (?:my|the|our) (?:investors?|clients?|boss|report|pitch)|look (?:better|good))\b"
        r"|<\s*script|\{\{|\bassistant:|\bsystem:",
        "Questions are read as questions only: no text can give orders here.",
    ),
    (
        r"\b(?:api[ -]?keys?|passwords?|secrets?|tokens?|credentials?|private keys?|connection string|database url|"
        r"env(?:ironment)? variables?|admin[ -]?key"
        r"|\.env|/etc/|ssh|passwd|login data)\b"
        r"|/etc/|\.env\b|\b(?:list|show|read|open|cat|print)\b.{0,20}\bfiles?\b|\bhome (?:folder|directory)\b",
        "Secrets are not among what can be asked, and no query reaches them. `trading-ai keys` makes and revokes API "
        "keys.",
    ),
    (
        r"\b(?:other|another|somebody else|someone else|other people|other user|other users|everybody|everyone|"
        r"colleague|competitor|neighbou?r)(?:'s|s')?\s+"
        r"(?:users?|customers?|traders?|people|accounts?|data|runs?|results?|strateg\w+|backtests?|clients?)\b|\bwhat "
        r"(?:do|did) (?:other|others)\b|\bother people\b"
        r"|\bwarren buffett?\b|\bpersonal data\b|\bemail address(?:es)?\b|\bwho (?:is|are) (?:the )?users?\b|\bwhich "
        r"users?\b",
        "Only what is stored here can be asked, and it holds nothing of other people.",
    ),
    (
        r"\b(?:live|real|demo|broker(?:age)?|real[ -]money)\s+(?:trading\s+)?(?:account|balance|positions?|trades?|"
        r"orders?|money)\b|(?<!if )\bmy broker\b|\bopen (?:positions?|trades?|orders?)\b"
        r"|\bpending orders?\b|\bmargin (?:left|available|level)\b|\bbank\b|\bpaper account\b|\b(?:account|"
        r"positions?) (?:live|at my broker)\b|\blive (?:results?|performance|price|prices|quotes?|spread)\b"
        r"|\bmy (?:real|actual) (?:profit|loss|account|balance|money)\b|\bright now at\b",
        "Live accounts are not known here: what is stored are datasets, backtests and optimizations of the past.",
    ),
    (
        r"\b(?:tomorrow|next (?:week|month|year|quarter|days?|hours?)|in the (?:near )?future|going forward|"
        r"forecasts?|predict\w*|prediction)\b"
        r"|\bwill\s+(?:\w+\s+){0,4}(?:go (?:up|down)|rise|fall|rally|crash|earn|make|win|lose|profit|work|return|be "
        r"(?:worth|higher|lower|profitable))\b"
        r"|\b(?:should|shall) (?:i|we) (?:buy|sell|short|go long|go short|invest|trade (?:it )?(?:live|with|now|this)|"
        r"put|hold|bet|risk)\b"
        r"|\bhow much (?:will|would|can|could) (?:i|we) (?:make|earn|win|lose)\b(?!.*\b(?:cost|costs|if|with|had)\b)|"
        r"\bguarantee\w*\b|\bprice (?:target|of .* today)\b|\btoday's price\b"
        r"|\bgood (?:time|moment) to (?:buy|sell|invest)\b|\bcurrent (?:\w+ )?price\b|\bprice now\b|\bnews\b|"
        r"\bwill\b(?!.*\b(?:done|finish\w*|complete\w*|take|ready|end|left|remain\w*)\b)(?!\s+it\s+survive)|"
        r"\b(?:in|by) "
        r"(?:20[3-9]\d|2028|2029)\b|\bnext year\b|\bworth buying\b|\bwhich (?:stock|coin|crypto)\b"
        r"|\bgoing to (?:go|rise|fall|be worth|make|earn|win|crash)\b",
        "The future is not stored: only what happened in backtests of past data can be told, and whether that was "
        "likely luck.",
    ),
    (
        rf"^(?:ok(?:ay)?,? )?{_POLITE}(?:{_VERBS})\b(?! by\b| from\b| of\b| to\b| date\b| time\b| capital\b| "
            rf"balance\b| equity\b| price\b| hours?\b| loss| losses|s\b| and (?:the )?(?:target|tp|take|profit)| vs\b| "
        rf"or\b| and sell| trades? (?:made|won|lost|did|have|are)|-)(?!.*\?$.*\bwhich\b)",
        "Questions change nothing and trade nothing: commands do that. `trading-ai --help` lists them, and \"how do I "
        "...\" finds the page.",
    ),
    (
        r"\b(?:and|then|also|now|please)\s+(?:then |also |please )?(?:delete|drop|remove|erase|wipe|truncate|destroy|"
        r"kill|cancel|restart|overwrite|purge)\b"
        r"|\b(?:delete|drop|erase|wipe|destroy|purge)\s+(?:all|every\w*|my|the|this|it|them|that|run|backtest|"
        r"optimization|database|data)\b(?<!how do i delete my)",
        "Questions change nothing: commands do that. `trading-ai --help` lists them.",
    ),
    (
        r"\b(?:weather|recipe|joke|poem|song|capital (?:city )?of (?:france|spain|italy|england|japan|china|"
            r"\w+(?:land|many|ia|ey))\b|president|football|world cup|movie|translate|write (?:me "
        r")?(?:a|an|some) (?:code|script|poem|essay|email|story|python|strategy|function)"
        r"|python code|homework|meaning of life|who are you|what(?:'s| is) your name|tell me a story|"
        r"horoscope|bitcoin price|(?:best|which|good) broker|tax(?:es)?|elon|chatgpt|prime number|square root)\b"
        r"|^(?:what is )?\d+\s*[-+*/x]\s*\d+",
        "That is not about what is stored here.",
    ),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), said) for pattern, said in _RULES)
_HOW_TO = re.compile(
    r"^(?:please )?(?:how (?:do|can|should|would|to|does)|where (?:do|can)|what (?:is the )?command|which command|can "
    r"i|is it possible to)\b"
)

_OF_KEYS = re.compile(
    r"^(?:how|where|what command|which command)\b.{0,30}\b(?:make|create|add|issue|revoke|delete|rotate|generate|get)\b"
    r".{0,20}\bkeys?\b"
)

CAN_ASK = (
    "what can be asked: results and rankings, parameters, robustness and luck, walk-forwards, costs, trades by hour, "
    "weekday, month, "
    "session or direction, streaks, drawdowns, comparing runs, data quality, progress, what to optimize next, and how "
    "to do things"
)
"""What a refusal says besides."""


def refusal(question: str) -> str | None:
    """Why a question is not answered, or None where nothing speaks against trying.

    Args:
        question: as it was asked; never a text from the database.
    """
    text = normal(question)
    for place, (pattern, said) in enumerate(_COMPILED):
        if said.startswith("Secrets") and _OF_KEYS.search(text):
            continue  # how to make a key is no secret
        if place >= len(_COMPILED) - 3 and place < len(_COMPILED) - 1 and _HOW_TO.match(text):
            continue  # how to delete something is a question
        if pattern.search(text):
            return said
    return None
