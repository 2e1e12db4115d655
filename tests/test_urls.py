"""A URL comes apart the same whether or not it is plain enough for the short way."""

from __future__ import annotations

import pytest

from replaydisputes.stripe_api.urls import Target, split_url


@pytest.mark.parametrize(
    ("url", "origin", "host", "path", "query"),
    [
        ("https://api.stripe.com/v1/disputes", "https://api.stripe.com", "api.stripe.com", "/v1/disputes", ""),
        ("https://api.stripe.com/v1/disputes?", "https://api.stripe.com", "api.stripe.com", "/v1/disputes", ""),
        (
            "https://api.stripe.com/v1/a?b=%20&c[]=d?e",
            "https://api.stripe.com",
            "api.stripe.com",
            "/v1/a",
            "b=%20&c[]=d?e",
        ),
        ("https://api.stripe.com/v1/a#b", "https://api.stripe.com", "api.stripe.com", "/v1/a", ""),
        ("https://api.stripe.com/v1/a?b#c", "https://api.stripe.com", "api.stripe.com", "/v1/a", "b"),
        ("https://api.stripe.com/v1/a%2Db", "https://api.stripe.com", "api.stripe.com", "/v1/a-b", ""),
        ("https://api.stripe.com/v1/a\n", "https://api.stripe.com", "api.stripe.com", "/v1/a", ""),
        ("https://api.stripe.com//v1/a", "https://api.stripe.com", "api.stripe.com", "/v1/a", ""),
        ("https://api.stripe.com", "https://api.stripe.com", "api.stripe.com", "/", ""),
        ("https://api.stripe.com./v1/a", "https://api.stripe.com", "api.stripe.com", "/v1/a", ""),
        ("HTTPS://API.Stripe.com/v1/A", "https://api.stripe.com", "api.stripe.com", "/v1/A", ""),
        ("https://api.stripe.com:443/v1/a", "https://api.stripe.com", "api.stripe.com", "/v1/a", ""),
        ("http://localhost:12111/v1/a", "http://localhost:12111", "localhost", "/v1/a", ""),
        ("https://user@api.stripe.com/v1/a", "https://api.stripe.com", "api.stripe.com", "/v1/a", ""),
        ("http://[::1]/v1/a", "http://[::1]", "::1", "/v1/a", ""),
    ],
)
def test_a_url_comes_apart(url: str, origin: str, host: str, path: str, query: str) -> None:
    assert split_url(url) == Target(origin, host, path, query)
