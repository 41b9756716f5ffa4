"""The pretend GitHub: its API, its world and truth, tables of real repositories, and the service."""
