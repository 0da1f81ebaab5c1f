"""Runs Backtrader strategies, unchanged, as strategies of trading-ai-system."""

__version__ = "0.1.0"
