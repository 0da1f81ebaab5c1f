"""Who runs what next."""
