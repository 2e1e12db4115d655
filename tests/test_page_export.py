"""`export` writes the whole story as files that need no server, and takes no file of anybody's away."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from click.testing import CliRunner, Result

from replaydisputes.cli.export import ForeignFolderError, export_command, publish
from replaydisputes.errors import FileAccessError
from replaydisputes.redaction.spotting import stand_ins_in
from replaydisputes.server.page import exported_files
from tests.page_support import NOW_S, SHIPPED, exhibit

FILES = exported_files(SHIPPED, stand_ins_in, NOW_S)
TWICE = next(one.cassette for one in SHIPPED if one.name == "close-twice")


def export(*arguments: object) -> Result:
    return CliRunner().invoke(export_command, [str(one) for one in arguments])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_address_in_the_files_is_one_of_the_files() -> None:
    found = {
        (name, address)
        for name, content in FILES.items()
        if name.endswith(".html")
        for address in re.findall(r'(?:href|src|action)="([^"#]*)', content.decode())
        if address
    }

    assert len(found) > 1000
    assert [one for one in found if unquote(one[1]) not in FILES] == []


def test_the_story_of_a_cassette_is_a_page_for_each_step() -> None:
    assert sorted(name for name in FILES if name.startswith("close-twice.")) == [
        "close-twice.0.confirm.html",
        "close-twice.1.html",
        "close-twice.2.html",
        "close-twice.html",
    ]
    assert [b"This dispute is already closed" in FILES[f"close-twice{at}.html"] for at in ("", ".1", ".2")] == [
        False,
        False,
        True,
    ]


def test_no_file_of_an_export_posts_anything() -> None:
    assert [name for name, content in FILES.items() if b'method="post"' in content] == []


def test_names_that_look_alike_as_files_stay_apart() -> None:
    names = ["A/b", "a b", "index", "..", "a-b"]
    made = exported_files([exhibit(name, TWICE) for name in names], stand_ins_in, NOW_S)

    pages = sorted(name for name in made if re.fullmatch(r"[a-z0-9-]+\.html", name))
    assert pages == ["a-b-2.html", "a-b-3.html", "a-b.html", "cassette.html", "index-2.html", "index.html"]


def test_the_command_writes_the_files_and_says_where_to_begin(tmp_path: Path) -> None:
    folder = tmp_path / "slides" / "dispute"

    done = export(folder, "--cassette", "close-twice", "--cassette", "close-lost")

    made = contents(folder)
    total = sum(len(content) for name, content in made.items() if name != "export.json")
    assert (done.exit_code, done.output) == (0, f"{folder / 'index.html'}: {len(made) - 1} files, {total:,} bytes\n")
    assert sorted(json.loads(made.pop("export.json"))["files"]) == sorted(made)


def test_a_later_export_replaces_an_earlier_one_whole(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    publish(folder, {"index.html": b"old", "gone/too.html": b"old"})
    publish(folder, {"index.html": b"new"})

    assert (contents(folder).pop("index.html"), sorted(contents(folder))) == (b"new", ["export.json", "index.html"])
    assert list(tmp_path.iterdir()) == [folder]


FOREIGN = {
    "a folder of somebody's": {"notes.txt": b"mine"},
    "an export with a file of somebody's": {
        "export.json": b'{"made_by": "replaydisputes export", "files": ["index.html"]}',
        "index.html": b"",
        "notes/mine.txt": b"mine",
    },
    "a marker that is not ours": {"export.json": b'{"files": ["index.html"]}', "index.html": b"mine"},
    "a marker that cannot be read": {"export.json": b"\xff{"},
}


@pytest.mark.parametrize("held", FOREIGN.values(), ids=FOREIGN)
def test_a_folder_with_files_of_others_is_left_as_it_is(tmp_path: Path, held: dict[str, bytes]) -> None:
    folder = tmp_path / "out"
    for name, content in held.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    with pytest.raises(ForeignFolderError) as caught:
        publish(folder, {"index.html": b"new"})

    assert (contents(folder), caught.value.exit_code, list(tmp_path.iterdir())) == (held, 4, [folder])


def test_an_export_is_not_taken_away_by_one_into_the_folder_around_it(tmp_path: Path) -> None:
    publish(tmp_path / "slides" / "dispute", {"index.html": b"inner"})
    with pytest.raises(ForeignFolderError) as refused:
        publish(tmp_path / "slides", {"index.html": b"outer"})

    found = refused.value.found
    assert found in {"dispute/index.html", "dispute/export.json"}
    assert str(refused.value) == (
        f"{tmp_path / 'slides'} left as it is: it holds {found!r}, which is no part of an export into that folder. "
        "Name an empty folder, a new one, or one that holds an export and nothing else."
    )


def test_a_link_in_an_export_to_somewhere_else_is_not_taken_away(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    publish(folder, {"index.html": b"old"})
    elsewhere.mkdir()
    (folder / "link").symlink_to(elsewhere)

    with pytest.raises(ForeignFolderError):
        publish(folder, {"index.html": b"new"})

    assert (folder / "index.html").read_bytes() == b"old"


def test_an_export_that_fails_halfway_leaves_the_earlier_one(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    publish(folder, {"index.html": b"old"})
    before = contents(folder)

    with pytest.raises(FileAccessError):
        publish(folder, {"index.html": b"new", "index.html/below.html": b"cannot be"})

    assert (contents(folder), list(tmp_path.iterdir())) == (before, [folder])


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"mine")

    with pytest.raises(FileAccessError, match="it is a file"):
        publish(tmp_path / "out", {})


def test_an_unknown_cassette_writes_nothing(tmp_path: Path) -> None:
    done = export(tmp_path / "out", "--cassette", "close-twise")

    assert "did you mean close-twice?" in str(done.exception)
    assert not (tmp_path / "out").exists()
