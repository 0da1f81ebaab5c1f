"""What a bar, a timeframe and a symbol are; trading days, time zones, quality and resampling."""
