"""Mutation tests: change one place of the code at a time and see whether a test notices. `make mutants` runs them."""
