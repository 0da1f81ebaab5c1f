"""Topics of questions: a file each, and a line in `registry`."""
