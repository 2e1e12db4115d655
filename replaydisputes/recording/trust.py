"""Whose certificates are trusted: the usual authorities, or a bundle of one's own. Verification is never off."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from replaydisputes.errors import ReplayDisputesError

_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""In the order in which they count; requests itself reads the first two."""


class CaBundleError(ReplayDisputesError):
    """A bundle of CA certificates that cannot be used."""

    exit_code = 4

    def __init__(self, variable: str, path: str, cause: str) -> None:
        self.variable, self.path, self.cause = variable, path, cause
        super().__init__(
            f"{variable}={path}: expected a file or directory of CA certificates in PEM, got {cause}; "
            f"nothing was sent. Mend the path, or unset {variable} to trust the usual authorities."
        )


def ca_bundle() -> str | None:
    """The bundle that the environment names; None for the usual authorities. Raises CaBundleError."""
    named = ((variable, os.environ.get(variable, "")) for variable in _VARIABLES)
    variable, path = next(((variable, path) for variable, path in named if path), ("", ""))
    if not path:
        return None
    if not os.path.exists(path):
        raise CaBundleError(variable, path, "nothing there")
    try:
        is_directory = Path(path).is_dir()
        ssl.create_default_context(cafile=None if is_directory else path, capath=path if is_directory else None)
    except OSError as error:
        cause = "no certificates in it" if isinstance(error, ssl.SSLError) else error.strerror or "a file not readable"
        raise CaBundleError(variable, path, cause) from error
    return path
