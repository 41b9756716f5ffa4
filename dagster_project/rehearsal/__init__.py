"""The rehearsal: a pretend Hub and GitHub on loopback, over simulated worlds whose truth is known or over real tables.

Rooms, each knowing only those before it: `world` (who there is, what happens, what is planted, what counters pretend),
`truth` (what truly happened, in the grain of the marts), `hub` and `github` (what a request means, what items are made of,
the services; start at their `service`), `judge` (measured against true), `run` (the whole way). `faults` say what goes
wrong on purpose, `loopback` is the socket under both services. The pipeline never imports any of it.
"""
