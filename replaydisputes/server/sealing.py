"""The state of a session as it leaves this process: sealed under a key that only who has the API key can derive.

A state holds what code under test sent, such as names and evidence. Whoever reads the store sees none of it; a made-up
key can be guessed, though, so it is not a secret store.
"""

from __future__ import annotations

import hashlib
import os

from replaydisputes.errors import ReplayDisputesError

_LABEL = b"replaydisputes: seal of a session's state\n"
_SEALED = b"sealed 1\n"
_NONCE_BYTES = 12


class UnsealableError(ReplayDisputesError):
    """A sealed state that this key does not open."""

    exit_code = 4

    def __init__(self) -> None:
        super().__init__("a state was sealed under another API key, or changed by somebody else")


class Seal:
    """Seals and opens the states of one session."""

    def __init__(self, api_key: bytes, session: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305  # noqa: PLC0415 - an extra

        self._cipher = ChaCha20Poly1305(hashlib.sha256(_LABEL + api_key).digest())
        self._session = session.encode()

    def sealed(self, state: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _SEALED + nonce + self._cipher.encrypt(nonce, state, self._session)

    def opened(self, sealed: bytes) -> bytes:
        """Raises UnsealableError."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra

        if not sealed.startswith(_SEALED):
            raise UnsealableError
        nonce, text = sealed[len(_SEALED) :][:_NONCE_BYTES], sealed[len(_SEALED) + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, text, self._session)
        except (InvalidTag, ValueError) as error:
            raise UnsealableError from error
