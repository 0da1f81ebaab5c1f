"""Files into bars: one small module a format; `read.read_bars` finds out which it is."""
