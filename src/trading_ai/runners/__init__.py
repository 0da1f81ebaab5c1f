"""Strategies of others, run by adapters."""
