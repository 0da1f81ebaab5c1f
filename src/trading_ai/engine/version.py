"""The engine's version."""

from __future__ import annotations

ENGINE_VERSION = "5"
"""Raised whenever any number of a result can change: results of two versions never mix.

`tests/golden` holds numbers of every simulator, cost, rule and exit, and fails where one changes and this does not.
Each version stands with its reason in the changelog.
"""
