"""The use cases that join the domain through ports."""
