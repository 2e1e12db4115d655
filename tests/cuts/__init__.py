"""Recordings over TLS whose connection is cut at a byte drawn from a seed."""
