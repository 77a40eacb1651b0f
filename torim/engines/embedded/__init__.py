"""The embedded engine: a Realtime (GA) server that needs no key, no account and no other server.

`session` is pure: client events in, server events and jobs out. `server` is its edge: it performs the jobs
(speech synthesis, requests to model endpoints) and carries the text in process or over a WebSocket.
"""
