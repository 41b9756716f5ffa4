"""The rehearsal: a pretend Hub on loopback, over a simulated world whose truth is known or over a table of real models.

Rooms, each knowing only those before it: `world` (the truth), `hub` (what a request means), `tables` (where items come
from), `faults` (what goes wrong on purpose), `service` (the socket; start here). The pipeline never imports it.
"""
