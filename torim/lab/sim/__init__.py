"""Seeded simulation of whole calls on a virtual clock, with faults, against independent models.

Engine, carrier, ear and caller are modelled here without the core's code, so that a fault of the core cannot hide
in its own model. The same seed gives the same trace.
"""
