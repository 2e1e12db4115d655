"""Servers that answer for one dispute, each as its users run it, in one process; what cannot be had here says so."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from benchmarks.cassettes import answer
from benchmarks.harness import OURS, ROOT
from replaydisputes.model import Response

TOOLS = Path(os.environ.get("SERVER_PEERS", ROOT / ".bench-server"))
"""Where `make bench-server` puts what npm and PyPI have: node_modules and a virtual environment `mitmproxy`."""

DISPUTE = "/v1/disputes/du_1AAAAAreplaydisp00000001"
NGINX, ASGI, WIREMOCK, PRISM, MITMDUMP = "nginx return 200", "bare ASGI on uvicorn", "WireMock", "Prism", "mitmdump"
STRIPE_MOCK = "stripe-mock"
UNAVAILABLE = {"vcr-stub-server": "not available here"}
"""A Ruby gem, whose registry cannot be reached where this is built."""


@dataclass(frozen=True, slots=True)
class Server:
    """How a server is started on a port, with a directory of its own; or why it cannot be."""

    name: str
    command: Callable[[int, Path], Sequence[str]]
    missing: str = ""


def servers() -> list[Server]:
    node, java = shutil.which("node"), shutil.which("java")
    prism, jars = TOOLS / "node_modules" / ".bin" / "prism", list(TOOLS.glob("node_modules/wiremock/build/*.jar"))
    mitmdump = TOOLS / "mitmproxy" / "bin" / "mitmdump"
    stripe_mock = TOOLS / "stripe-mock"
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    return [
        Server(OURS, lambda port, _: ours(port, "close-metadata", "--on-exhausted", "repeat")),
        Server(NGINX, lambda port, place: _nginx(nginx or "", port, place), "" if nginx else "not installed"),
        Server(ASGI, lambda port, _: _asgi(port)),
        Server(
            WIREMOCK,
            lambda port, place: _wiremock(java or "", jars[0], port, place),
            "" if java and jars else "not installed",
        ),
        Server(
            STRIPE_MOCK,
            lambda port, _: [str(stripe_mock), "-http-addr", f"127.0.0.1:{port}"],
            "" if stripe_mock.exists() else "not installed",
        ),
        Server(
            PRISM, lambda port, place: _prism(prism, port, place), "" if node and prism.exists() else "not installed"
        ),
        Server(
            MITMDUMP,
            lambda port, place: _mitmdump(mitmdump, port, place),
            "" if mitmdump.exists() else "not installed",
        ),
    ]


def versions() -> dict[str, str]:
    """Of the tools measured and of wrk, those that are there."""
    told = {"uvicorn": metadata.version("uvicorn")}
    for name, flag in (("wrk", "-v"), ("nginx", "-v")):
        program = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
        if program:
            run = subprocess.run([program, flag], capture_output=True, text=True, check=False)  # noqa: S603
            found = re.search(r"\d+(?:\.\d+)+", run.stdout + run.stderr)
            told |= {name: found[0]} if found else {}
    for name, package in ((WIREMOCK, "wiremock"), (PRISM, "@stoplight/prism-cli")):
        with contextlib.suppress(OSError):
            about = (TOOLS / "node_modules" / package / "package.json").read_text(encoding="utf-8")
            told[name] = json.loads(about)["version"]
    for line in _go_versions(TOOLS / "stripe-mock"):
        told[STRIPE_MOCK] = line
    for found_in in TOOLS.glob("mitmproxy/lib/python*/site-packages/mitmproxy-*.dist-info"):
        told[MITMDUMP] = found_in.name.removeprefix("mitmproxy-").removesuffix(".dist-info")
    return told


def _go_versions(program: Path) -> list[str]:
    """The version of the module that a Go program was built from, as a list of one; empty if nobody can tell."""
    go = shutil.which("go")
    if not go or not program.exists():
        return []
    said = subprocess.run([go, "version", "-m", str(program)], capture_output=True, text=True, check=False).stdout  # noqa: S603
    return re.findall(r"^\s+mod\s+\S+/stripe-mock\s+v(\S+)", said, re.M)


def ours(port: int, *arguments: str) -> list[str]:
    return [str(Path(sys.executable).parent / "replaydisputes"), "serve", *arguments, "--port", str(port)]


def _nginx(program: str, port: int, place: Path) -> list[str]:
    config = f"""\
daemon off; worker_processes 1; pid {place}/pid; error_log {place}/errors;
events {{ worker_connections 1024; }}
http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} }} }}
"""
    (place / "nginx.conf").write_text(config, encoding="utf-8")
    return [program, "-p", str(place), "-e", f"{place}/errors", "-c", str(place / "nginx.conf")]


def _asgi(port: int) -> list[str]:
    own = ["--http", "httptools", "--loop", "uvloop", "--log-level", "error", "--no-access-log"]
    return [sys.executable, "-m", "uvicorn", "benchmarks.server_asgi:app", "--port", str(port), *own]


def _wiremock(java: str, jar: Path, port: int, place: Path) -> list[str]:
    (place / "mappings").mkdir(exist_ok=True)
    given = answer()
    response = {"status": 200, "headers": _headers(given), "body": given.body.decode()}
    for number, (method, path) in enumerate((("GET", DISPUTE), ("POST", DISPUTE), ("POST", f"{DISPUTE}/close"))):
        mapping = {"request": {"method": method, "urlPath": path}, "response": response}
        (place / "mappings" / f"{number}.json").write_text(json.dumps(mapping), encoding="utf-8")
    own = ["--no-request-journal", "--disable-banner", "--bind-address", "127.0.0.1"]
    return [java, "-jar", str(jar), "--port", str(port), "--root-dir", str(place), *own]


def _prism(program: Path, port: int, place: Path) -> list[str]:
    example = {"application/json": {"schema": {"type": "object"}, "example": json.loads(answer().body)}}
    answers = {"responses": {"200": {"description": "a dispute", "content": example}}}
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    path = {"parameters": parameters, "get": answers, "post": answers}
    document = {
        "openapi": "3.0.0",
        "info": {"title": "disputes", "version": "1"},
        "paths": {
            "/v1/disputes/{id}": path,
            "/v1/disputes/{id}/close": {"parameters": parameters, "post": answers},
        },
    }
    (place / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    return [str(program), "mock", "-p", str(port), "-h", "127.0.0.1", "-v", "silent", str(place / "openapi.json")]


def _mitmdump(program: Path, port: int, place: Path) -> list[str]:
    given = answer()
    script = f"""\
from mitmproxy import http
BODY, HEADERS = {given.body!r}, {_headers(given)!r}
def request(flow): flow.response = http.Response.make(200, BODY, HEADERS)
"""
    (place / "answer.py").write_text(script, encoding="utf-8")
    own = ["--set", f"confdir={place}", "--set", "connection_strategy=lazy", "--mode", "reverse:http://127.0.0.1:9"]
    return [str(program), "-q", "--listen-host", "127.0.0.1", "-p", str(port), *own, "-s", str(place / "answer.py")]


def _headers(given: Response) -> dict[str, str]:
    return {name: text for name, text in given.headers if name.lower() not in ("connection", "content-length", "date")}
