"""REST APIs: the data pipeline and the optimizer."""
