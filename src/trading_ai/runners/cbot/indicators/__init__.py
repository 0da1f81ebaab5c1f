"""The platform's indicators, with its own seeding and definitions; the source is its published code of each."""
