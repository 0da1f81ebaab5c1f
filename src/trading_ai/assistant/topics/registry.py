"""Every topic; of two that fit a question equally well the earlier one answers."""

from __future__ import annotations

from trading_ai.assistant.topics.advice import ADVICE
from trading_ai.assistant.topics.comparing import COMPARING
from trading_ai.assistant.topics.concentration import CONCENTRATION
from trading_ai.assistant.topics.costs import COSTS_TOPIC
from trading_ai.assistant.topics.days import DAYS
from trading_ai.assistant.topics.drawdowns import DRAWDOWNS
from trading_ai.assistant.topics.equity import EQUITY
from trading_ai.assistant.topics.figures import FIGURES
from trading_ai.assistant.topics.howto import HOWTO
from trading_ai.assistant.topics.market import MARKET
from trading_ai.assistant.topics.meanings import MEANINGS
from trading_ai.assistant.topics.notes import OF_USERS
from trading_ai.assistant.topics.parameters import PARAMETERS
from trading_ai.assistant.topics.periods import PERIODS
from trading_ai.assistant.topics.progress import PROGRESS
from trading_ai.assistant.topics.quality import QUALITY
from trading_ai.assistant.topics.records import RECORDS
from trading_ai.assistant.topics.robustness import ROBUSTNESS
from trading_ai.assistant.topics.settings import SETTINGS
from trading_ai.assistant.topics.streaks import STREAKS
from trading_ai.assistant.topics.terms import TERMS
from trading_ai.assistant.topics.topic import Topic
from trading_ai.assistant.topics.trades import TRADES
from trading_ai.assistant.topics.trials import TRIALS
from trading_ai.assistant.topics.walk_forward import WALK_FORWARD
from trading_ai.assistant.topics.winners import WINNERS

TOPICS: tuple[Topic, ...] = (
    HOWTO, OF_USERS, TERMS, SETTINGS, STREAKS, DRAWDOWNS, EQUITY, DAYS, CONCENTRATION, COSTS_TOPIC,
    WALK_FORWARD, ROBUSTNESS,
    PARAMETERS, PERIODS, WINNERS, TRADES, TRIALS,
    FIGURES,
    COMPARING, QUALITY, MARKET,
    PROGRESS, RECORDS, ADVICE, MEANINGS,
)  # fmt: skip

BY_NAME = {topic.name: topic for topic in TOPICS}
