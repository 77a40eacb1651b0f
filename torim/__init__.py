"""Torim: an AI phone receptionist that a caller can always interrupt."""

__version__ = "0.1.0"
