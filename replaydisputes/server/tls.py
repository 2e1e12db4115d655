"""HTTPS on this machine: a certificate authority in the user's cache directory, and a certificate for each start."""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from replaydisputes.errors import FileAccessError, MissingExtraError

if TYPE_CHECKING:
    import trustme

_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority and the file of its certificate, which clients are told to trust."""

    path: Path
    authority: trustme.CA


def local_authority(directory: Path | None = None) -> Authority:
    """The authority of this user, made the first time. Its key never leaves a directory that only the user can read.

    Raises MissingExtraError (no trustme), FileAccessError.
    """
    try:
        import trustme  # noqa: PLC0415 - an extra, needed only here
    except ImportError as error:
        raise MissingExtraError("--tls", "tls") from error
    place = directory or platformdirs.user_cache_path("replaydisputes") / "tls"
    certificate, key = place / "ca.pem", place / "ca.key"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.chmod(0o700)
        if not (certificate.exists() and key.exists()):
            made = trustme.CA(organization_name="replaydisputes, for tests on this machine")
            _write(key, made.private_key_pem.bytes())
            _write(certificate, made.cert_pem.bytes())
        return Authority(certificate, trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes()))
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or "it is no certificate authority; remove the directory"
        raise FileAccessError(place, "keep a certificate authority", cause) from error


def server_context(authority: Authority, host: str) -> ssl.SSLContext:
    """What a server at `host` shows: a new certificate for it and for every loopback name."""
    names = {*_NAMES, *((socket.gethostname(),) if host in ("0.0.0.0", "::") else (host,))}  # noqa: S104 - compared
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    authority.authority.issue_cert(*sorted(names)).configure_cert(context)
    return context


def trust_advice(path: Path) -> str:
    """How each language is told to trust the authority, for one process and not for the whole machine."""
    rows = (
        ("curl", f"--cacert {path}"),
        ("Python", f'stripe.ca_bundle_path = "{path}"'),
        ("Node", f"NODE_EXTRA_CA_CERTS={path}"),
        ("Go, .NET", f"SSL_CERT_FILE={path}"),
        ("Ruby", f'Stripe.ca_bundle_path = "{path}"'),
        ("PHP", f"\\Stripe\\Stripe::setCABundlePath('{path}');"),
        ("Java", f"keytool -importcert -noprompt -alias replaydisputes -file {path} -storepass changeit"),
        ("", "-keystore replay.p12, then -Djavax.net.ssl.trustStore=replay.p12"),
        ("", "-Djavax.net.ssl.trustStorePassword=changeit"),
    )
    return "\n".join(["To trust this server's certificates:", *(f"  {name:<9} {how}" for name, how in rows)])


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)
