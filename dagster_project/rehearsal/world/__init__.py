"""The simulated world: who is in it, what happens, what is planted, and what its counters pretend."""
