"""Runs any command as a strategy: a JSON request in, trades or a report out."""
