"""The pretend Hub: its API, what it can be made of, and the service."""
