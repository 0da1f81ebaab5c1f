"""Results as Plotly figures: pure functions from arrays to `plotly.graph_objects.Figure`."""
