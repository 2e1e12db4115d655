"""Bodies that are something else: packed, torn, in parts, or no JSON at all."""

from __future__ import annotations

import bz2
import gzip
import importlib
import json
import zlib
from collections.abc import Callable, Iterator

from tests.canaries.drafts import Bed, Draft, Plant, with_header
from tests.canaries.encodings import Spelled


def _whole_body(wrap: str, media_type: str) -> Plant:
    def plant(bed: Bed, spelled: Spelled) -> None:
        _set_body(bed.own_draft(), wrap.replace("%", spelled.literal).encode(), media_type)

    return plant


def json_text_alone(bed: Bed, spelled: Spelled) -> None:
    bed.own_draft().answer = bed.leaf(spelled)


def not_utf8(bed: Bed, spelled: Spelled) -> None:
    _set_body(bed.own_draft(), b"\xff\xfe\x00 " + spelled.literal.encode() + b" \x80", "application/json")


def utf16(bed: Bed, spelled: Spelled) -> None:
    _set_body(bed.own_draft(), json.dumps({"name": spelled.literal}).encode("utf-16"), "application/json")


def multipart(bed: Bed, spelled: Spelled) -> None:
    head = 'Content-Disposition: form-data; name="%s"'
    name, filename, content = bed.rng.choice(
        ((spelled.literal, "a.txt", "x"), ("file", spelled.literal, "x"), ("file", "a.txt", spelled.literal))
    )
    lines = ("--line", head % "purpose", "", "dispute_evidence", "--line", f'{head % name}; filename="{filename}"', "")
    draft = bed.own_draft()
    draft.method, draft.url = "POST", "https://files.stripe.com/v1/files"
    draft.form = "\r\n".join((*lines, content, "--line--", "")).encode()
    media_type = "multipart/form-data; boundary=line"
    draft.request_headers = with_header(tuple(draft.request_headers), "Content-Type", media_type)


def json_request(bed: Bed, spelled: Spelled) -> None:
    draft = bed.own_draft()
    draft.method = "POST"
    draft.form = bed.json_bytes({"email": bed.leaf(spelled), "amount": 1})
    draft.request_headers = with_header(tuple(draft.request_headers), "Content-Type", "application/json")


def _packed(encoding: str, pack: Callable[[bytes], bytes]) -> Plant:
    def plant(bed: Bed, spelled: Spelled) -> None:
        draft, told = bed.own_draft(), bed.rng.random() < 0.8
        body = pack(bed.json_bytes({"object": "dispute", "status": "lost", "evidence": {"note": bed.leaf(spelled)}}))
        if bed.rng.random() < 0.3:
            draft.method, draft.form = "POST", body
            headers = [("Content-Encoding", encoding)] if told else []
            draft.request_headers += [*headers, ("Content-Type", "application/json")]
        else:
            _set_body(draft, body, "application/json")
            draft.response_headers += [("Content-Encoding", encoding)] if told else []

    return plant


def _set_body(draft: Draft, body: bytes, media_type: str) -> None:
    draft.body = body
    draft.response_headers = with_header(tuple(draft.response_headers), "Content-Type", media_type)


def _bare_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def _brotli(body: bytes) -> bytes:
    packed: bytes = importlib.import_module("brotli").compress(body, quality=5)
    return packed


def _zstd(body: bytes) -> bytes:
    packed: bytes = importlib.import_module("zstandard").ZstdCompressor().compress(body)
    return packed


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def packed_and_torn() -> Iterator[tuple[str, Plant]]:
    """Every such body by the name of its place."""
    yield "body html", _whole_body("<html><p>%</p></html>", "text/html")
    yield "body plain", _whole_body("%", "text/plain")
    yield "body torn JSON", _whole_body('{"object": "dispute", "name": "%', "application/json")
    yield "body lines of JSON", _whole_body('{"a": 1}\n{"b": "%"}\n', "application/json")
    packers = (
        ("gzip", _gzip),
        ("deflate", zlib.compress),
        ("deflate", _bare_deflate),
        ("br", _brotli),
        ("zstd", _zstd),
    )
    for encoding, pack in packers:
        yield f"body {encoding}{', bare' if pack is _bare_deflate else ''}", _packed(encoding, pack)
    yield "body gzip twice", _packed("gzip, gzip", lambda body: _gzip(_gzip(body)))
    yield "body bzip2, unknown", _packed("bzip2", bz2.compress)
