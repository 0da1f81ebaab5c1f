"""Settling which clock a file's times are on: stated, documented by the format, detected, or assumed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading_ai.importers.raw import FormatFacts, RawRows
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import Timeframe
from trading_ai.market.timezone_detection import TimezoneEvidence, detect_timezone
from trading_ai.market.timezones import Zone, parse_timezone


@dataclass(frozen=True)
class ClockDecision:
    """The zone taken, how it was decided, what was seen, and warnings."""

    zone: Zone
    how: str
    evidence: TimezoneEvidence
    warnings: tuple[str, ...] = ()


def decide_timezone(
    raw: RawRows, facts: FormatFacts, symbol: Symbol, timeframe: Timeframe, stated: str | Zone | None
) -> ClockDecision:
    """Decide the zone of the rows' times.

    Times that carry their own zone are UTC. A stated zone is taken, with a warning where the market's opening
    hours contradict it. Otherwise the zone of the header or the format is taken if the opening hours agree,
    else the detected one, else UTC.
    """
    documented = raw.header_zone or facts.timezone
    utc = parse_timezone("UTC")
    given = parse_timezone(stated) if stated is not None else None
    known = tuple(parse_timezone(zone) for zone in ((given or "UTC") if raw.aware else given, documented) if zone)
    evidence = detect_timezone(_without_filler(raw), symbol, length_ns=timeframe.ns, also=known)
    if raw.aware:
        warnings = []
        if given is not None and given.name != "UTC":
            warnings.append(f"the times carry their own zone, so timezone {given} is not used")
        if evidence.contradicts(utc):
            warnings.append(
                f"TIME ZONE DOUBTFUL: the file says its times are UTC, but {evidence.says_of(utc)}; {evidence.sentence}"
            )
        return ClockDecision(utc, "stated by the values", evidence, tuple(warnings))
    if given is not None:
        if evidence.contradicts(given):
            assert evidence.zone is not None
            warning = (
                f"TIME ZONE DOUBTFUL: {given} was stated, but {evidence.says_of(given)}, while "
                f"{evidence.sentence}. "
                f"If the evidence is right, import again with timezone {evidence.zone}"
            )
            return ClockDecision(given, "stated, against the evidence", evidence, (warning,))
        how = "stated" + (", and the opening hours agree" if evidence.zone is not None else "")
        return ClockDecision(given, how, evidence)
    if documented:
        zone = parse_timezone(documented)
        if evidence.zone is None:
            return ClockDecision(zone, f"documented for the {facts.name} format; {evidence.sentence}", evidence)
        if not evidence.contradicts(zone):
            return ClockDecision(zone, f"documented for the {facts.name} format, and the opening hours agree", evidence)
        warning = (
            f"the {facts.name} format documents {zone}, but {evidence.says_of(zone)}; "
            f"{evidence.zone} is used: {evidence.sentence}"
        )
        return ClockDecision(evidence.zone, f"detected: {evidence.sentence}", evidence, (warning,))
    if evidence.zone is not None:
        return ClockDecision(evidence.zone, f"detected: {evidence.sentence}", evidence)
    warning = f"UTC is assumed for the times: {evidence.sentence}; state timezone= if they are on another clock"
    return ClockDecision(utc, f"assumed: {evidence.sentence}", evidence, (warning,))


def _without_filler(raw: RawRows) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Times without flat bars of no volume, which some sources fill weekends with."""
    volume = raw.columns.get("volume")
    if volume is None or not volume.any():
        return raw.time_ns
    busy = (volume > 0) | (raw.columns["high"] != raw.columns["low"])
    return raw.time_ns if busy.all() else raw.time_ns[busy]
