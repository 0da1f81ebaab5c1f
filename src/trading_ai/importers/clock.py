"""Settling which clock a file's times are on: stated, documented by the format, detected, or assumed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trading_ai.importers.raw import FormatFacts, Ints, RawRows
from trading_ai.market.bar_stamps import days_look_like_ends
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import NS_PER_SECOND, Timeframe
from trading_ai.market.timezone_detection import CANDIDATES, TimezoneEvidence, detect_timezone
from trading_ai.market.timezones import Zone, parse_timezone, to_utc

STAMPS = {"open": "the times are the opens of bars", "end": "the times are the ends of bars"}
"""What a file's times may be, as the option ``stamped`` names it."""

_STAMPED_END = "with stamped=end (--stamped end) if they are the ends of bars"


@dataclass(frozen=True)
class ClockDecision:
    """The zone taken, how it was decided, what was seen, and warnings."""

    zone: Zone
    how: str
    evidence: TimezoneEvidence
    warnings: tuple[str, ...] = ()


def decide_timezone(
    raw: RawRows,
    facts: FormatFacts,
    symbol: Symbol,
    timeframe: Timeframe,
    stated: str | Zone | None,
    stamped: str | None = None,
) -> ClockDecision:
    """Decide the zone of the rows' times.

    Times that carry their own zone are UTC. A stated zone is taken, with a warning where the market's opening
    hours contradict it. Otherwise the zone of the header or the format is taken if the opening hours agree,
    else the detected one, else UTC. Where other clocks explain a detected one's file as well, they are said, and what
    they would change. Times that look like the ends of bars are said.

    Args:
        raw: the rows, times on the file's clock.
        facts: what the format documents.
        symbol: the instrument.
        timeframe: the bars' length.
        stated: the zone that the user stated, or None.
        stamped: ``open`` or ``end`` where the user stated it: nothing is said of the stamps then.
    """
    times = _without_filler(raw)
    if stamped == "end" and not timeframe.is_daily_or_longer:
        times = times - timeframe.ns
    decision = _decided(raw, times, facts, symbol, timeframe, stated)
    if stamped is not None:
        return decision
    remarks = _stamps(decision, times, symbol, timeframe)
    return replace(decision, warnings=(*remarks, *decision.warnings)) if remarks else decision


def _decided(
    raw: RawRows, times: Ints, facts: FormatFacts, symbol: Symbol, timeframe: Timeframe, stated: str | Zone | None
) -> ClockDecision:
    documented = raw.header_zone or facts.timezone
    source = "named by the header" if raw.header_zone else f"documented for the {facts.name} format"
    utc = parse_timezone("UTC")
    given = parse_timezone(stated) if stated is not None else None
    known = tuple(parse_timezone(zone) for zone in ((given or "UTC") if raw.aware else given, documented) if zone)
    evidence = detect_timezone(times, symbol, length_ns=timeframe.ns, also=known)
    if raw.aware:
        warnings = []
        if given is not None and given.name != "UTC":
            warnings.append(f"the times carry their own zone, so timezone {given} is not used")
        if evidence.contradicts(utc) and not _are_ends(utc, evidence, timeframe):
            warnings.append(
                _shifted(utc, times, evidence, timeframe) + _STAMPED_END
                if evidence.says_ends(utc)
                else f"TIME ZONE DOUBTFUL: the file says its times are UTC, but {evidence.says_of(utc)}; "
                f"{evidence.sentence}"
            )
        return ClockDecision(utc, "stated by the values", evidence, tuple(warnings))
    if given is not None:
        if evidence.contradicts(given) and not _are_ends(given, evidence, timeframe):
            warning = (
                f"TIME ZONE DOUBTFUL: {given} was stated, but {evidence.says_of(given)}, while "
                f"{evidence.sentence}. "
                f"If the evidence is right, import again with timezone {evidence.zone}"
            )
            if evidence.says_ends(given):  # a clock that is ahead by a bar
                warning = _shifted(given, times, evidence, timeframe) + _STAMPED_END
            return ClockDecision(given, "stated, against the evidence", evidence, (warning,))
        agrees = evidence.zone is not None and not evidence.at_end and not evidence.contradicts(given)
        return ClockDecision(given, "stated" + (", and the opening hours agree" if agrees else ""), evidence)
    if documented:
        zone = parse_timezone(documented)
        if evidence.zone is None or evidence.at_end:
            return ClockDecision(zone, f"{source}; {evidence.sentence}", evidence)
        if not evidence.contradicts(zone) or evidence.says_ends(zone):
            words = "" if evidence.contradicts(zone) else ", and the opening hours agree"
            return ClockDecision(zone, source + words, evidence)
        if raw.header_zone:
            says = f"TIME ZONE DOUBTFUL: the header names {zone}, but {evidence.says_of(zone)}"
            remedy = f"{evidence.sentence}. If the evidence is right, import again with timezone {evidence.zone}"
            return ClockDecision(zone, "named by the header, against the evidence", evidence, (f"{says}; {remedy}",))
        warning = (
            f"the {facts.name} format documents {zone}, but {evidence.says_of(zone)}; "
            f"{evidence.zone} is used: {evidence.sentence}"
        )
        return ClockDecision(evidence.zone, f"detected: {evidence.sentence}", evidence, (warning,))
    if evidence.zone is not None:
        said = _ties(evidence.zone, times, evidence)
        how = f"detected: {evidence.sentence}"
        # Where bars are as long as a clock's shift, an odd clock and the ends of bars on a usual one are the same.
        usual = [] if evidence.at_end else [parse_timezone(name) for name in CANDIDATES[: _rank(evidence.zone)]]
        ends = max(usual, key=evidence.end_hits, default=None)  # the first of equals
        if ends is not None and evidence.says_ends(ends):
            how += f"; or the times are the ends of bars on {ends}, which gives the same hours"
        return ClockDecision(evidence.zone, how, evidence, said)
    warning = f"UTC is assumed for the times: {evidence.sentence}; state timezone= if they are on another clock"
    return ClockDecision(utc, f"assumed: {evidence.sentence}", evidence, (warning,))


def _are_ends(zone: Zone, evidence: TimezoneEvidence, timeframe: Timeframe) -> bool:
    """Whether the times look like the ends of bars on a clock, rather than like a clock that is ahead by an hour."""
    return evidence.says_ends(zone) and (timeframe.seconds > 3600 or not evidence.contradicts(zone))


def _shifted(zone: Zone, times: Ints, evidence: TimezoneEvidence, timeframe: Timeframe) -> str:
    """That either the clock is another one or the times are the ends of bars."""
    assert evidence.zone is not None
    moved = to_utc(zone, times, check=False) - timeframe.ns - to_utc(evidence.zone, times, check=False)
    same = "the same bars" if not moved.any() else "almost the same bars"
    return (
        f"TIME ZONE DOUBTFUL, or the times are the ends of bars: on {zone} every week or day begins and ends one bar "
        f"late, while {evidence.sentence}. Import again with timezone {evidence.zone}, or, for {same}, "
    )


def _rank(zone: Zone) -> int:
    return CANDIDATES.index(zone.name) if zone.name in CANDIDATES else len(CANDIDATES)


def _ties(taken: Zone, times: Ints, evidence: TimezoneEvidence) -> tuple[str, ...]:
    """What other clocks that explain the file as well would change; nothing where they change nothing."""
    utc = to_utc(taken, times, check=False)
    differing = []
    for name in evidence.equals:
        moved = to_utc(parse_timezone(name), times, check=False) - utc
        rows = np.flatnonzero(moved)
        if len(rows):
            first, last = (str(np.datetime64(int(utc[row]), "ns").astype("datetime64[D]")) for row in rows[[0, -1]])
            hours = sorted({round(float(h) / (3600 * NS_PER_SECOND), 1) for h in np.unique(moved[rows])})
            by = " or ".join(f"{h:+g} h" for h in hours[:3])
            differing.append(f"{name} would move {len(rows):,} of {len(times):,} bars ({first} .. {last}) by {by}")
    if not differing:
        return ()
    more = f"; and {len(differing) - 3} more" if len(differing) > 3 else ""
    return (
        f"TIME ZONE UNDECIDED: the opening hours fit {1 + len(differing)} clocks equally well, and {taken} was taken: "
        f"{'; '.join(differing[:3])}{more}. State timezone= if you know it",
    )


def _stamps(decision: ClockDecision, times: Ints, symbol: Symbol, timeframe: Timeframe) -> tuple[str, ...]:
    """What suggests that the times are the ends of bars."""
    if timeframe.is_daily_or_longer:
        utc = times if decision.zone.name == "UTC" else to_utc(decision.zone, times, check=False)
        why = days_look_like_ends(times, utc, symbol, timeframe)
        return (f"the dates look like the ends of bars: {why}. Import again {_STAMPED_END}",) if why else ()
    evidence, zone = decision.evidence, decision.zone
    if not (evidence.at_end or _are_ends(zone, evidence, timeframe)):
        return ()
    clock = evidence.zone if evidence.at_end and evidence.zone is not None else zone
    shown = evidence.hours.shown if evidence.hours is not None else ""
    begins = next(iter(evidence.weekly_opens), "")
    text = (
        f"the times look like the ends of bars: on {clock} trading ({shown}) begins at {begins}, one bar late, and the "
        f"last bar is stamped at the close or after it. Read as opens, every bar is {timeframe} late. Import again "
        f"{_STAMPED_END}"
    )
    if not evidence.says_ends(zone):
        text = f"TIME ZONE DOUBTFUL: {zone} explains no opens and closes, and {text}, and with timezone {clock}"
    return (text,)


def _without_filler(raw: RawRows) -> Ints:
    """Times without flat bars of no volume, which some sources fill weekends with."""
    volume = raw.columns.get("volume")
    if volume is None or not volume.any():
        return raw.time_ns
    busy = (volume > 0) | (raw.columns["high"] != raw.columns["low"])
    return raw.time_ns if busy.all() else raw.time_ns[busy]
