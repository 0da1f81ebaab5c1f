"""What a notebook asks of what is stored: optimizations, walk-forwards and verdicts, as commands make them."""
