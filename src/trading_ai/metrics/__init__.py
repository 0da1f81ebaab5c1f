"""Trades and equity in, numbers out."""
