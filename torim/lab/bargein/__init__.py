"""The barge-in bench: recordings said into calls, on a virtual clock or on real sockets, and what came of it.

`corpus` reads recordings, `trials` decides what is tried, `fast` and `real` try it, `judge` says what each trial
came to, `panel` counts, `report` writes. Onsets and instants are defined in `evidence`.
"""
