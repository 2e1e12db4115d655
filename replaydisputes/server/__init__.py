"""Puts any Answerer behind HTTP: an ASGI app of its own, and uvicorn to run it (the `server` extra)."""

from replaydisputes.server.app import asgi_app as asgi_app
from replaydisputes.server.running import HostRefusedError as HostRefusedError
from replaydisputes.server.running import run_forever as run_forever
from replaydisputes.server.running import serving as serving
