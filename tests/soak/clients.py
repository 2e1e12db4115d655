"""The clients that the workers share, so that pools and sessions pass from one cassette to another as well."""

from __future__ import annotations

import http.client
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import aiohttp
import httpx
import requests
import urllib3

Told = tuple[int, bytes]
CLIENTS = ("requests", "urllib3", "httpx", "urllib.request", "http.client", "httpx, async", "aiohttp")
"""All that the two functions below give."""
_TLS = ssl.create_default_context()
"""Made once: reading the certificates takes longer than a hundred answers."""


@contextmanager
def sync_clients() -> Iterator[dict[str, Callable[[str, str], Told]]]:
    local, opener = threading.local(), urllib.request.build_opener(urllib.request.HTTPSHandler(context=_TLS))
    with urllib3.PoolManager() as pool, httpx.Client() as client:

        def by_requests(method: str, url: str) -> Told:
            if not hasattr(local, "session"):
                local.session = requests.Session()
            response = local.session.request(method, url)
            return response.status_code, response.content

        def by_urllib3(method: str, url: str) -> Told:
            response = pool.request(method, url, retries=False)
            return response.status, response.data

        def by_httpx(method: str, url: str) -> Told:
            response = client.request(method, url)
            return response.status_code, response.content

        def by_urllib_request(method: str, url: str) -> Told:
            try:
                response = opener.open(urllib.request.Request(url, method=method))  # noqa: S310 - a client under test
            except urllib.error.HTTPError as error:
                response = error
            with response:
                return response.status, response.read()

        yield {
            "requests": by_requests,
            "urllib3": by_urllib3,
            "httpx": by_httpx,
            "urllib.request": by_urllib_request,
            "http.client": _by_http_client,
        }


def _by_http_client(method: str, url: str) -> Told:
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(parts.netloc, context=_TLS)
    try:
        connection.request(method, parts.path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@asynccontextmanager
async def async_clients() -> AsyncIterator[dict[str, Callable[[str, str], Awaitable[Told]]]]:
    async with httpx.AsyncClient() as client, aiohttp.ClientSession() as session:

        async def by_httpx(method: str, url: str) -> Told:
            response = await client.request(method, url)
            return response.status_code, response.content

        async def by_aiohttp(method: str, url: str) -> Told:
            async with session.request(method, url) as response:
                return response.status, await response.read()

        yield {"httpx, async": by_httpx, "aiohttp": by_aiohttp}
