"""Reports: one optimization as a self-contained HTML file."""
