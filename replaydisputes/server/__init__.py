"""Puts any Answerer behind HTTP: ASGI apps of its own, and uvicorn to run them (the `server` extra)."""

from replaydisputes.server.app import asgi_app as asgi_app
from replaydisputes.server.running import HostRefusedError as HostRefusedError
from replaydisputes.server.running import require_server as require_server
from replaydisputes.server.running import run_forever as run_forever
from replaydisputes.server.running import run_sessions_forever as run_sessions_forever
from replaydisputes.server.running import serving as serving
from replaydisputes.server.running import serving_sessions as serving_sessions
from replaydisputes.server.session_app import SessionApp as SessionApp
from replaydisputes.server.sessions import Sessions as Sessions
from replaydisputes.server.workers import can_fork as can_fork
