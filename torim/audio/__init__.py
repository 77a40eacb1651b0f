"""Measures sound, decides nothing: mu-law, energy, voicing, speech probability, likeness to our own voice."""
