"""Recordings as other tools write them, built from raw interactions."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import yaml

from replaydisputes.model import Headers, Interaction
from replaydisputes.stripe_api.forms import parse_form

Interactions = Sequence[Interaction]


def grouped(headers: Headers) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(name, []).append(value)
    return fields


def text_or_bytes(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def vcrpy_tree(interactions: Interactions) -> dict[str, Any]:
    return {
        "interactions": [
            {
                "request": {
                    "body": text_or_bytes(one.request.body) if one.request.body else None,
                    "headers": grouped(one.request.headers),
                    "method": one.request.method,
                    "uri": one.request.url,
                },
                "response": {
                    "body": {"string": text_or_bytes(one.response.body)},
                    "headers": grouped(one.response.headers),
                    "status": {"code": one.response.status, "message": one.response.reason},
                },
            }
            for one in interactions
        ],
        "version": 1,
    }


def vcrpy_yaml(interactions: Interactions) -> bytes:
    return yaml.safe_dump(vcrpy_tree(interactions), allow_unicode=True).encode()


def vcrpy_json(interactions: Interactions) -> bytes:
    return json.dumps(vcrpy_tree(interactions), indent=4).encode()


def pytest_recording_yaml(interactions: Interactions) -> bytes:
    return yaml.safe_dump(vcrpy_tree(interactions) | {"metadata": {"recorded_by": "somebody"}}).encode()


def old_vcrpy_yaml(interactions: Interactions) -> bytes:
    """Bodies in base64 and in mappings, as vcrpy 1 wrote them."""
    tree = vcrpy_tree(interactions)
    for one, raw in zip(tree["interactions"], interactions, strict=True):
        one["request"]["body"] = {"string": raw.request.body.decode()} if raw.request.body else None
        one["response"]["body"] = {"base64_string": base64.b64encode(raw.response.body).decode()}
    return yaml.safe_dump(tree).encode()


def aliased_yaml(interactions: Interactions) -> bytes:
    """One answer's headers shared by all that have the same, through YAML anchors."""
    tree = vcrpy_tree(interactions)
    shared: dict[str, Any] = {}
    for one in tree["interactions"]:
        for part in (one["request"], one["response"]):
            part["headers"] = shared.setdefault(json.dumps(part["headers"]), part["headers"])
    dumped = yaml.safe_dump(tree).encode()
    assert b"*id001" in dumped
    return dumped


def parsed_yaml(interactions: Interactions) -> bytes:
    """JSON bodies taken apart, as serializers that print them readably do."""
    tree = vcrpy_tree(interactions)
    for one, raw in zip(tree["interactions"], interactions, strict=True):
        del one["response"]["body"]
        one["response"]["parsed_body"] = json.loads(raw.response.body)
    return yaml.safe_dump(tree, sort_keys=False).encode()


def cassetter_yaml(interactions: Interactions) -> bytes:
    """Typed bodies, names in lower case, filed by address and not by time."""
    made = []
    for second, one in enumerate(interactions):
        request, response = one.request, one.response
        form = {"type": "text", "content": request.body.decode()} if request.body else {"type": "none"}
        made.append(
            {
                "request": {
                    "method": request.method,
                    "uri": request.url,
                    "headers": {name.lower(): values for name, values in grouped(request.headers).items()},
                    "body": form,
                },
                "response": {
                    "status": response.status,
                    "headers": {name.lower(): values for name, values in grouped(response.headers).items()},
                    "body": {"type": "json", "content": json.loads(response.body)},
                },
                "recorded_at": f"2026-09-21T14:13:{20 + second}.{second:06d}+00:00",
            }
        )
    made.sort(key=lambda one: (one["request"]["method"], one["request"]["uri"]))
    return yaml.safe_dump({"version": 1, "interactions": made}, sort_keys=False).encode()


def ruby_yaml(interactions: Interactions) -> bytes:
    """As VCR 6 writes it: methods in lower case, encodings named, http_version, recorded_at."""
    return yaml.safe_dump(_ruby_tree(interactions, _ruby_text), sort_keys=False, explicit_start=True).encode()


def ruby_base64_yaml(interactions: Interactions) -> bytes:
    return yaml.safe_dump(_ruby_tree(interactions, _ruby_base64), sort_keys=False).encode()


def ruby_json(interactions: Interactions) -> bytes:
    return json.dumps(_ruby_tree(interactions, _ruby_text)).encode()


def ruby_symbols_yaml(interactions: Interactions) -> bytes:
    """As older versions wrote it: keys and methods are symbols, binary has Ruby's own tag."""
    lines = ["--- ", ":http_interactions: "]
    for one in interactions:
        request, response = one.request, one.response
        lines += ["- :request: ", f"    :method: :{request.method.lower()}", f"    :uri: {request.url}"]
        lines += ["    :body: ", f"      :string: {json.dumps(request.body.decode())}"]
        lines += ["    :headers: ", *_ruby_headers(request.headers), "  :response: ", "    :status: "]
        lines += [f"      :code: {response.status}", f"      :message: {response.reason}", "    :headers: "]
        lines += [*_ruby_headers(response.headers), "    :body: ", "      :encoding: ASCII-8BIT"]
        lines += ["      :string: !binary |-", f"        {base64.b64encode(response.body).decode()}"]
    return "\n".join([*lines, ":recorded_with: VCR 2.0.0", ""]).encode()


def har(interactions: Interactions) -> bytes:
    """As a browser exports it, newest entry first."""
    entries = [
        {
            "startedDateTime": f"2026-09-21T14:13:{20 + second}.000Z",
            "request": {
                "method": one.request.method,
                "url": one.request.url,
                "httpVersion": "h2",
                "headers": _named(one.request.headers),
                **({"postData": {"text": one.request.body.decode()}} if one.request.body else {}),
            },
            "response": {
                "status": one.response.status,
                "statusText": one.response.reason,
                "headers": _named(one.response.headers),
                "content": {"size": len(one.response.body), "text": one.response.body.decode()},
                "comment": "ignored",
            },
        }
        for second, one in enumerate(interactions)
    ]
    return json.dumps({"log": {"version": "1.2", "creator": {}, "entries": entries[::-1]}}).encode()


def har_base64_params(interactions: Interactions) -> bytes:
    """Bodies in base64, forms only as parameters."""
    tree = json.loads(har(interactions))
    for entry in tree["log"]["entries"]:
        content = entry["response"]["content"]
        content |= {"text": base64.b64encode(content["text"].encode()).decode(), "encoding": "base64"}
        posted = entry["request"].get("postData")
        if posted:
            params = [{"name": name, "value": value} for name, value in parse_form(posted.pop("text"))]
            posted |= {"mimeType": "application/x-www-form-urlencoded", "params": params}
    return json.dumps(tree).encode()


def older_httpx_yaml(interactions: Interactions) -> bytes:
    """As vcrpy wrote the answers of httpx until version 6."""
    tree = vcrpy_tree(interactions)
    for one in tree["interactions"]:
        response = one["response"]
        response |= {"status_code": response.pop("status")["code"], "content": response.pop("body")["string"]}
        response["http_version"] = "HTTP/1.1"
    return yaml.safe_dump(tree).encode()


def betamax_json(interactions: Interactions) -> bytes:
    tree = _ruby_tree(interactions, _ruby_text)
    for one in tree["http_interactions"]:
        one["recorded_at"] = "2026-09-21T14:13:20"
        one["response"]["url"] = one["request"]["uri"]
    return json.dumps(tree | {"recorded_with": "betamax/0.9.0"}).encode()


def go_vcr_yaml(interactions: Interactions) -> bytes:
    made = []
    for number, one in enumerate(interactions):
        request, response = one.request, one.response
        made.append(
            {
                "id": number,
                "request": {
                    "proto": "HTTP/1.1",
                    "host": "api.stripe.com",
                    "body": request.body.decode(),
                    "form": grouped(parse_form(request.body)),
                    "headers": grouped(request.headers),
                    "url": request.url,
                    "method": request.method,
                },
                "response": {
                    "headers": grouped(response.headers),
                    "body": response.body.decode(),
                    "status": f"{response.status} {response.reason}",
                    "code": response.status,
                    "duration": "211.5ms",
                },
            }
        )
    return yaml.safe_dump({"version": 2, "interactions": made}, sort_keys=False).encode()


def php_vcr_yaml(interactions: Interactions) -> bytes:
    made = []
    for number, one in enumerate(interactions):
        request, response = one.request, one.response
        sent = {"body": request.body.decode()} if request.body else {}
        status = {"http_version": "1.1", "code": str(response.status), "message": response.reason}
        asked = {"method": request.method, "url": request.url, "headers": dict(request.headers), **sent}
        answered = {"status": status, "headers": dict(response.headers), "body": response.body.decode()}
        made.append({"request": asked, "response": answered, "index": number})
    return yaml.safe_dump(made, sort_keys=False, explicit_start=True).encode()


def php_vcr_fields_json(interactions: Interactions) -> bytes:
    """The older layout: the status is a number in text, a form stands only in `post_fields`."""
    made = yaml.safe_load(php_vcr_yaml(interactions))
    for one in made:
        one["response"]["status"] = one["response"]["status"]["code"]
        sent = one["request"].pop("body", "")
        one["request"]["post_fields"] = dict(parse_form(sent)) if sent else []
    return json.dumps(made).encode()


def exvcr_json(interactions: Interactions) -> bytes:
    made = []
    for one in interactions:
        request, response = one.request, one.response
        asked = {
            "body": request.body.decode(),
            "headers": dict(request.headers),
            "method": request.method.lower(),
            "options": {"recv_timeout": 5000},
            "request_body": "",
            "url": request.url,
        }
        answered = {
            "binary": False,
            "body": response.body.decode(),
            "headers": dict(response.headers),
            "status_code": response.status,
            "type": "ok",
        }
        made.append({"request": asked, "response": answered})
    return json.dumps(made).encode()


def nock_json(interactions: Interactions) -> bytes:
    made = []
    for one in interactions:
        request, response = one.request, one.response
        made.append(
            {
                "scope": "https://api.stripe.com:443",
                "method": request.method,
                "path": request.url.removeprefix("https://api.stripe.com"),
                "body": request.body.decode(),
                "reqheaders": dict(request.headers),
                "status": response.status,
                "response": json.loads(response.body),
                "rawHeaders": [part for header in response.headers for part in header],
                "responseIsBinary": False,
            }
        )
    return json.dumps(made).encode()


def stripe_playback_yaml(interactions: Interactions) -> bytes:
    """The calls came to the Stripe CLI's own server, so no URL has a host."""
    made = []
    for one in interactions:
        parts = urlsplit(one.request.url)
        url = {"scheme": "", "opaque": "", "user": None, "host": "", "path": parts.path, "rawpath": ""}
        asked = {
            "method": one.request.method,
            "body": one.request.body.decode(),
            "headers": grouped(one.request.headers),
            "url": url | {"forcequery": False, "rawquery": parts.query, "fragment": ""},
        }
        answered = {
            "headers": grouped(one.response.headers),
            "body": one.response.body.decode(),
            "status_code": one.response.status,
        }
        made.append({"type": 0, "request": asked, "response": answered})
    return yaml.safe_dump(made, sort_keys=False).encode()


BUILDERS: dict[str, tuple[Callable[[Interactions], bytes], str]] = {
    build.__name__: (build, name)
    for build, name in (
        (vcrpy_yaml, "vcrpy"),
        (vcrpy_json, "vcrpy"),
        (pytest_recording_yaml, "vcrpy"),
        (old_vcrpy_yaml, "vcrpy"),
        (aliased_yaml, "vcrpy"),
        (parsed_yaml, "vcrpy"),
        (cassetter_yaml, "cassetter"),
        (ruby_yaml, "Ruby VCR"),
        (ruby_base64_yaml, "Ruby VCR"),
        (ruby_json, "Ruby VCR"),
        (ruby_symbols_yaml, "Ruby VCR"),
        (older_httpx_yaml, "vcrpy"),
        (betamax_json, "Betamax"),
        (go_vcr_yaml, "go-vcr"),
        (php_vcr_yaml, "PHP-VCR"),
        (php_vcr_fields_json, "PHP-VCR"),
        (exvcr_json, "ExVCR"),
        (nock_json, "nock"),
        (stripe_playback_yaml, "stripe playback"),
        (har, "HAR"),
        (har_base64_params, "HAR"),
    )
}
"""Each way of writing a recording, with the name the report gives it."""


def _ruby_tree(interactions: Interactions, body: Callable[[bytes], dict[str, str]]) -> dict[str, Any]:
    return {
        "http_interactions": [
            {
                "request": {
                    "method": one.request.method.lower(),
                    "uri": one.request.url,
                    "body": _ruby_text(one.request.body),
                    "headers": grouped(one.request.headers),
                },
                "response": {
                    "status": {"code": one.response.status, "message": one.response.reason},
                    "headers": grouped(one.response.headers),
                    "body": body(one.response.body),
                    "http_version": None,
                },
                "recorded_at": "Mon, 21 Sep 2026 14:13:20 GMT",
            }
            for one in interactions
        ],
        "recorded_with": "VCR 6.3.1",
    }


def _ruby_text(body: bytes) -> dict[str, str]:
    return {"encoding": "UTF-8", "string": body.decode()}


def _ruby_base64(body: bytes) -> dict[str, str]:
    return {"encoding": "ASCII-8BIT", "base64_string": base64.encodebytes(body).decode()}


def _ruby_headers(headers: Headers) -> list[str]:
    lines: list[str] = []
    for name, values in grouped(headers).items():
        lines += [f"      {name}: ", *(f"      - {json.dumps(value)}" for value in values)]
    return lines


def _named(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]
