"""Bars and parameters in, signals out."""
