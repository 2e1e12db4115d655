"""The exact versions that every environment of the Makefile installs, and what refreshes them: `make pins`."""
