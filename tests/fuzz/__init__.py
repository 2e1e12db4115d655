"""Mutated requests, slow and idle connections against a live server: `make fuzz`."""
