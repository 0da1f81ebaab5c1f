"""What is built of several optimizations."""
