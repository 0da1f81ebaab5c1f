"""Reports and lists of trades of other platforms, one file a format, one list of formats (`formats`)."""
