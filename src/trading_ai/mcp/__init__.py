"""The Model Context Protocol: what users' own agents may ask and start."""
