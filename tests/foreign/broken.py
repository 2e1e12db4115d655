"""Files that are not recordings, each broken in one way, with a secret in it where it can hold one."""

from __future__ import annotations

import json
from typing import Any

from tests.foreign.builders import har, ruby_yaml, vcrpy_yaml
from tests.raw_traffic import Account

SECRET = "sk_test_" + "51Broken" * 6
ACCOUNT = Account(seed=11)
CALLS = ACCOUNT.close_twice()
VCRPY, RUBY = vcrpy_yaml(CALLS), ruby_yaml(CALLS)
HEAD = f"# {SECRET}\nversion: 1\n"
ENTRY: dict[str, Any] = json.loads(har(CALLS))["log"]["entries"][0]


def one_call(request: str = "", response: str = "", head: str = HEAD) -> bytes:
    """A vcrpy cassette with one call, from the lines of its request and of its response."""
    request = request or "method: GET, uri: 'https://api.stripe.com/v1/events', body: null, headers: {}"
    response = response or "status: {code: 200, message: OK}, headers: {}, body: {string: '{}'}"
    return f"{head}interactions:\n- request: {{{request}}}\n  response: {{{response}}}\n".encode()


def ruby(body: str) -> bytes:
    return (
        "---\nhttp_interactions:\n- request: {method: get, uri: 'https://api.stripe.com/v1/events', headers: {}}\n"
        f"  response:\n    status: {{code: 200, message: OK}}\n    headers: {{}}\n    body:\n{body}\n"
    ).encode()


def archive(**changes: Any) -> bytes:
    """A HAR file whose first entry has other members; `request__url` changes a member of its request."""
    entry = json.loads(json.dumps(ENTRY))
    for name, value in changes.items():
        part, _, key = name.partition("__")
        entry[part] = entry[part] | {key: value} if key else value
    return json.dumps({"log": {"version": "1.2", "entries": [entry]}}, indent=1).encode()


RECORDING = "expected a recording (vcrpy, Ruby VCR, HAR or another format that `redact --help` names), got"
NEITHER = "a mapping with neither `interactions`, `http_interactions` nor `log`."
BOMB = (
    "version: 1\nl0: &l0 [" + ", ".join(["'0123456789'"] * 100) + "]\n"
    + "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 9))
    + "interactions: []\n"
)  # fmt: skip

BROKEN: dict[str, tuple[bytes, str]] = {
    "an empty file": (b"", f"1: {RECORDING} an empty file."),
    "only blanks": (b"\n\n \n", f"1: {RECORDING} an empty file."),
    "binary": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "1: expected UTF-8, got the byte 0x89."),
    "UTF-16": (VCRPY.decode().encode("utf-16"), "1: expected UTF-8, got UTF-16."),
    "UTF-16 without a mark": (
        VCRPY.decode().encode("utf-16-le"),
        "1: expected YAML, got control characters are not allowed.",
    ),
    "NUL bytes": (VCRPY.replace(b"lost", b"lo\0st"), "81: expected YAML, got control characters are not allowed."),
    "not UTF-8": (VCRPY.replace(b"lost", b"lo\xffst", 1), "81: expected UTF-8, got the byte 0xff."),
    "truncated YAML": (VCRPY[: VCRPY.index(b"string:") + 40], "13: expected YAML, got found unexpected end of stream."),
    "truncated JSON": (har(CALLS)[:400], "1: expected a JSON string, got one without an end."),
    "not a recording": (f"services:\n  web: {SECRET}\n".encode(), f"1: {RECORDING} {NEITHER}"),
    "a package.json": (b'{"name": "shop", "version": "1.0.0"}', f"1: {RECORDING} {NEITHER}"),
    "plain text": (f"Remember: {SECRET}".encode(), f"1: {RECORDING} {NEITHER}"),
    "prose": (f"the key\nis {SECRET}\n".encode(), f"1: {RECORDING} text."),
    "a list": (b"- a\n- b\n", f"1: {RECORDING} a list."),
    "another version": (one_call(head="version: 2\n"), "1: expected version 1, got another version of the format."),
    "no version": (one_call(head=f"# {SECRET}\n"), "2: expected a cassette with `version`, got one without."),
    "interactions that are text": (
        f"{HEAD}interactions: {SECRET}\n".encode(),
        "3: expected a list of interactions, got text.",
    ),
    "an interaction that is a number": (
        f"{HEAD}interactions:\n- 7\n".encode(),
        "4: expected an interaction (a mapping), got an integer.",
    ),
    "an interaction without a response": (
        f"{HEAD}interactions:\n- request: {{}}\n".encode(),
        "4: expected an interaction with `response`, got one without.",
    ),
    "a request without a method": (
        one_call(request="uri: 'https://api.stripe.com/'"),
        "4: expected a request with `method`, got one without.",
    ),
    "a method that is none": (
        one_call(request="method: 'GET /', uri: 'https://api.stripe.com/'"),
        "4: expected an HTTP method, got something else.",
    ),
    "an address that is none": (
        one_call(request=f"method: GET, uri: '/v1/{SECRET}'"),
        "4: expected an absolute http or https URL, got something else.",
    ),
    "a port that is none": (
        one_call(request="method: GET, uri: 'https://api.stripe.com:99999/'"),
        "4: expected an absolute http or https URL, got something else.",
    ),
    "a status that is text": (
        one_call(response=f"status: {{code: {SECRET}, message: OK}}"),
        "5: expected an HTTP status from 100 to 599, got text.",
    ),
    "headers that are a list": (
        one_call(response="status: 200, headers: [a, b]"),
        "5: expected headers (a mapping of name to values), got a list.",
    ),
    "a header value that is a mapping": (
        one_call(response="status: 200, headers: {Date: {a: b}}"),
        "5: expected a header value as text, got a mapping.",
    ),
    "a body without a string": (
        one_call(response="status: 200, body: {text: a}"),
        "5: expected a body with `string` or `base64_string`, got one without.",
    ),
    "base64 that is none": (
        one_call(response=f"status: 200, body: {{string: !!binary '{SECRET}'}}"),
        "5: expected base64, got something else.",
    ),
    "cassetter's body of another type": (
        one_call(response="status: 200, body: {type: file, content: a}"),
        "5: expected a body of type none, text, json or binary, got another one.",
    ),
    "cassetter's hexadecimal that is none": (
        one_call(response="status: 200, body: {type: binary, content: xy}"),
        "5: expected hexadecimal digits, got something else.",
    ),
    "an octal number in a parsed body": (
        one_call(response="status: 200, parsed_body: {amount: 0o17, b: 017}"),
        "5: expected a decimal number, got another spelling of one.",
    ),
    "a key twice": (one_call() + b"version: 1\n", "6: expected each key once, got the same key again."),
    "an alias of nothing": (
        one_call(response="status: *nowhere"),
        "5: expected an alias of something above, got an alias of nothing.",
    ),
    "a cycle of aliases": (
        f"{HEAD}interactions: &all\n- *all\n".encode(),
        "4: expected a tree, got an alias that contains itself.",
    ),
    "a bomb of aliases": (
        BOMB.encode(),
        "7: expected few and small aliases, got more than 16,000,000 characters of them.",
    ),
    "a merge key": (one_call(response="<<: {status: 200}"), "5: expected a plain key, got a merge key."),
    "deep YAML": (b"version: 1\ninteractions: " + b"[" * 70_000, "2: expected at most 64 levels, got deeper nesting."),
    "deep JSON": (b'{"log": ' + b"[" * 100_000, "1: expected at most 64 levels, got deeper nesting."),
    "two documents": (VCRPY + b"---\n" + VCRPY, "189: expected one document, got a second one."),
    "tabs": (
        b"version: 1\ninteractions:\n\t- a\n",
        "3: expected YAML, got found character that cannot start any token.",
    ),
    "a Python object": (
        f"!!python/object:os.system\nargs: [{SECRET}]\n".encode(),
        "1: expected plain YAML, got the tag 'tag:yaml.org,2002:python/object:os.system'.",
    ),
    "a Ruby object": (
        ruby("      string: !ruby/object:Gem::Requirement {}"),
        "8: expected plain YAML, got the tag '!ruby/object:Gem::Requirement'.",
    ),
    "an unknown tag of a Ruby scalar": (
        ruby("      string: !Passw0rd abc"),
        "8: expected plain YAML, got a tag of its own.",
    ),
    "Ruby's base64 that is none": (ruby(f"      base64_string: '{SECRET}'"), "8: expected base64, got something else."),
    "Ruby's binary that is none": (
        ruby(f"      string: !binary '{SECRET}'"),
        "8: expected base64, got something else.",
    ),
    "an encoding that nobody knows": (
        ruby("      {encoding: EBCDIC-9, string: a}"),
        "8: expected text in the encoding it names, got an unknown encoding, or other text.",
    ),
    "text that its encoding cannot hold": (
        ruby("      {encoding: ISO-8859-1, string: '€'}"),
        "8: expected text in the encoding it names, got an unknown encoding, or other text.",
    ),
    "Ruby's list that is text": (b"http_interactions: none\n", "1: expected a list of interactions, got text."),
    "a HAR without entries": (b'{"log": {"version": "1.2"}}', "1: expected a HAR log with `entries`, got one without."),
    "a HAR log that is a list": (b'{"log": [1]}', "1: expected a `log` (a mapping), got a list."),
    "a HAR entry without a request": (archive(request=None), "5: expected an entry with `request`, got one without."),
    "a HAR address that is none": (
        archive(request__url=f"/v1/events?{SECRET}"),
        "9: expected an absolute http or https URL, got something else.",
    ),
    "a HAR status that is none": (
        archive(response__status=SECRET),
        "23: expected an HTTP status from 100 to 599, got text.",
    ),
    "a HAR body in another encoding": (
        archive(response__content={"text": "a", "encoding": "rot13"}),
        "59: expected content in plain text or base64, got another encoding.",
    ),
    "a HAR body that is not base64": (
        archive(response__content={"text": SECRET, "encoding": "base64"}),
        "60: expected base64, got something else.",
    ),
    "HAR headers that are a mapping": (
        archive(response__headers={"Date": SECRET}),
        "25: expected a list of headers, got a mapping.",
    ),
    "a HAR body that is half a surrogate": (
        archive(response__content={"text": "\ud83d"}),
        "60: expected a body as text, got half of a surrogate pair.",
    ),
    "JSON with a key twice": (
        b'{"log": {"entries": [],\n "entries": []}}',
        "2: expected each key once, got the same key again.",
    ),
    "JSON with a comma too many": (
        b'{"log": {"entries": [],\n}}',
        "2: expected a key in double quotes, got something else.",
    ),
    "JSON with text behind it": (
        b'{"log": {"entries": []}}\n{}',
        "2: expected the end of the JSON, got more text behind it.",
    ),
    "JSON with a line end in a string": (
        b'{"log": "a\nb"}',
        "1: expected a JSON string, got a control character in one.",
    ),
    "JSON with a number that is none": (b'{"log": NaN}', "1: expected a JSON value, got something else."),
    "live mode": (
        vcrpy_yaml([ACCOUNT.interaction("GET", "/v1/events", 200, {"livemode": True})]),
        "the answer in interaction 1 (GET) says livemode: true; this tool works in test mode only, so nothing was "
        "written. Check which account and key produced it.",
    ),
}
"""By what is wrong: the bytes, and the message behind the file's name (the line first), less its last sentence."""
