"""Strategies of other platforms, run as they are."""
