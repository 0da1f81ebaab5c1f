"""The pages that a browser shows: what the product does, without a command."""
