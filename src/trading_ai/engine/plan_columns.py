"""The columns of a plan: what an entry order says besides its side, as compiled code reads it."""

from __future__ import annotations

MARKET, LIMIT, STOP_ORDER, STOP_LIMIT = range(4)
"""Kinds of entries; a stop-limit is a limit order once its stop price is reached."""

PRICE, DISTANCE, PERCENT = range(3)
"""How a level is read: a price, a distance in price units, or a percentage of the price that it is measured from."""

(
    KIND, PRICE_OF, UNTIL, STOP, STOP_CODE, TARGET, TARGET_CODE, TRAIL, TRAIL_CODE, SIZE, LIMIT_OF, OTHER_KIND,
    OTHER_PRICE, OTHER_LIMIT,
) = range(14)  # fmt: skip
N_PLAN = 14
"""Columns of a plan, see `plans.Plan.rows`."""

LONG_STOP, LONG_LIMIT, SHORT_STOP, SHORT_LIMIT = range(4)
"""Columns of the exit prices, see `plans.Plan.exits`."""
