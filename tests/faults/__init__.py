"""What goes wrong outside: each fault of the catalogue by its id, against the real command or the real capture."""
