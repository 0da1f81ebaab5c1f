"""A combination becomes metrics."""
