"""The JSON API under `/api/v1`: what the web client and other programs use.

Handlers are plain functions that run in threads, because the database blocks; the few that wait are coroutines. A
handler sees the business of whoever asks and no other. Bookings, rules and words are the desk's; nothing here decides
them.
"""
