"""A thousand sessions on two workers and Redis, every answer checked, while both are killed: `make load`."""
