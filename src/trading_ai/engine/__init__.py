"""Signals and costs in, trades and equity out."""
