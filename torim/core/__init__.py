"""The pure core: what may happen on a call, and what follows from it.

Standard library only; no clock, no chance, no input or output, no logging. Time comes in as an argument in
whole milliseconds, waiting goes out as a deadline, and everything the core wants done leaves as an action.
"""
