"""Puts any Answerer under the HTTP clients of this process, routed by context.

The patches go in once, at the first `answering()`, and do nothing for code that has no route.
Of multiprocessing, a forked process keeps the route; a spawned one, and a job in a pool, refuses where it has none.
Beneath the clients stands the guard: it wraps sockets and lookups, and hears the interpreter's audit events.
docs/testing.md lists what stays out of reach.
"""

from replaydisputes.interception.entry import answering as answering
from replaydisputes.interception.install import installed as installed
from replaydisputes.interception.install import uninstall as uninstall
from replaydisputes.interception.routing import Route as Route
from replaydisputes.interception.routing import active_route as active_route
from replaydisputes.interception.routing import without_own_route as without_own_route
from replaydisputes.interception.stripe_refused import refusing_stripe as refusing_stripe
