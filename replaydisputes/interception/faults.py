"""What a transport fault is to code that speaks to a socket."""

from __future__ import annotations

import errno
import os

from replaydisputes.model import TransportFault


def as_os_error(fault: TransportFault) -> OSError:
    """What reading from the socket raises when the answer does not come in time, or the connection is reset."""
    if fault.kind == "timeout":
        return TimeoutError("The read operation timed out")
    return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
