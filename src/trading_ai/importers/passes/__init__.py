"""Optimizations of other platforms: their passes, one file a format."""
