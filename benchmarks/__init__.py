"""Benchmarks: results checked against other libraries first, then everything timed in one run."""
