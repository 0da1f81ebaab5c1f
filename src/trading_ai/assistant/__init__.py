"""Questions in plain language: a plan, queries in SQL, and sentences whose every figure is a cell of one."""
