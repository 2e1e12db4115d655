"""Facts about Stripe's API: ids, keys, form parameters, paths, statuses. Nothing here does I/O."""
