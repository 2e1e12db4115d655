"""A name leads to one cassette: the suite's own before the shipped, and never out of its directories."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from dataclasses import replace
from pathlib import Path

import pytest

from replaydisputes import cassette_file, library
from replaydisputes.cassette_file import serialize
from replaydisputes.errors import EditedCassetteWarning, NoCassetteFileError, UnknownCassetteError, nearest
from replaydisputes.library import Entry, Library, loaded_files, shipped_directory
from replaydisputes.model import Cassette
from tests.test_cassette_file import CLOSE, PROVENANCE, READ

ONE = Cassette((CLOSE,), PROVENANCE)
TWO = Cassette((CLOSE, READ), PROVENANCE)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "shipped"
    put(directory / "close-lost.yaml", ONE)
    put(directory / "close-twice.yaml", ONE)
    monkeypatch.setattr(library, "shipped_directory", lambda: directory)
    return directory


def put(path: Path, cassette: Cassette) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(serialize(cassette))
    return path


def test_the_suites_own_directories_come_first_in_their_order(shipped: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    own = put(first / "close-lost.yaml", TWO)
    put(second / "close-lost.yaml", ONE)
    nested = put(second / "refunds" / "close-lost.yml", ONE)
    found = Library([first, second])

    names = ("close-lost", "refunds/close-lost", "close-twice")

    assert [found.find(name) for name in names] == [own, nested, shipped / "close-twice.yaml"]


def test_names_lists_each_name_once_sorted_with_the_file_it_leads_to(shipped: Path, tmp_path: Path) -> None:
    own = put(tmp_path / "own" / "close-lost.yaml", TWO)
    nested = put(tmp_path / "own" / "refunds" / "v1.2" / "won.yaml", ONE)
    for other in (".close-lost.yaml.0123456789abcdef.tmp", ".hidden.yaml", ".git/a.yaml", "notes.txt", "dir.yaml/x"):
        put(tmp_path / "own" / other, ONE)
    found = Library([tmp_path / "own", tmp_path / "absent"])

    assert found.names() == [
        Entry("close-lost", own, shipped=False),
        Entry("close-twice", shipped / "close-twice.yaml", shipped=True),
        Entry("refunds/v1.2/won", nested, shipped=False),
    ]
    assert [found.find(entry.name) for entry in found.names()] == [entry.path for entry in found.names()]


def test_an_unknown_name_says_where_was_looked_and_what_is_near(shipped: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownCassetteError) as caught:
        Library([tmp_path]).find("close-lots")

    error = caught.value
    assert (error.name, error.looked_in) == ("close-lots", (str(tmp_path), str(shipped)))
    assert set(error.known) == {"close-lost", "close-twice", "shipped/close-lost", "shipped/close-twice"}
    assert "did you mean close-lost" in str(error)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("here", "a directory, not a cassette"),
        ("here/bad.py", "not a cassette"),
        ("here/close-lost", "no such file"),
        ("close-lots.yaml", "no such file"),
    ],
)
def test_what_is_spelled_as_a_file_is_told_as_one(
    name: str, problem: str, shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "bad.py").write_text("")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(NoCassetteFileError) as caught:
        Library([]).find(name)

    assert str(caught.value) == (
        f"{name}: {problem}. Expected a .yaml or .yml file, or a cassette's name: `replaydisputes list` shows all."
    )


def test_of_many_names_the_five_nearest_are_told_and_a_pattern_gets_no_guess() -> None:
    many = [f"close-{number}" for number in range(10, 30)]

    assert (nearest("zzz", many), nearest("close-1*", many[:3]), nearest("close-11x", many)) == (
        "of the 20 known the nearest are close-29, close-28, close-27, close-26, close-25.",
        "known: close-10, close-11, close-12.",
        "did you mean close-11?",
    )


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "/",
        "../outside",
        "a/../../outside",
        "a/..",
        "..\\outside",
        "a\\b",
        "{tmp}/outside",
        "a\0b",
        "C:outside",
    ],
)
def test_a_name_that_would_lead_elsewhere_is_unknown(shipped: Path, tmp_path: Path, name: str) -> None:
    put(tmp_path / "outside.yaml", ONE)
    put(tmp_path / "own" / "a" / "b.yaml", ONE)

    with pytest.raises(UnknownCassetteError):
        Library([tmp_path / "own"]).find(name.replace("{tmp}", str(tmp_path)))


def test_the_path_of_an_existing_yaml_file_is_as_good_as_a_name(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "elsewhere" / "mine.yml", TWO)
    (tmp_path / "elsewhere" / "mine.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    found = Library([])

    assert found.find(str(path)) == path
    assert found.find("elsewhere/mine.yml") == Path("elsewhere/mine.yml")
    assert found.load("elsewhere/mine.yml").interactions == TWO.interactions
    for unknown in ("elsewhere/mine.txt", "elsewhere/absent.yml", "elsewhere"):
        with pytest.raises(UnknownCassetteError):
            found.find(unknown)


def test_a_cassette_is_read_once_and_shared(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []
    real = cassette_file.load
    monkeypatch.setattr(cassette_file, "load", lambda path: (reads.append(path), real(path))[1])
    loaded: list[Cassette] = []

    threads = [threading.Thread(target=lambda: loaded.append(Library([]).load("close-lost"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert reads == [shipped / "close-lost.yaml"]
    assert len(loaded) == 8
    assert {id(cassette) for cassette in loaded} == {id(loaded[0])}


def test_a_cassette_that_changed_on_disk_is_read_again(shipped: Path) -> None:
    found = Library([])
    before = found.load("close-lost")
    path = shipped / "close-lost.yaml"
    stamp = path.stat().st_mtime_ns

    put(path, TWO)
    os.utime(path, ns=(stamp, stamp))

    assert (before.interactions, found.load("close-lost").interactions) == (ONE.interactions, TWO.interactions)


def test_a_run_through_many_cassettes_keeps_the_last_256_and_knows_of_all(shipped: Path) -> None:
    names = [f"many-{number}" for number in range(300)]
    paths = [put(shipped / f"{name}.yaml", ONE) for name in names]
    gone_with_it = [weakref.ref(Library([]).load(name).interactions) for name in names]
    gc.collect()

    assert [kept() is not None for kept in gone_with_it] == [False] * 44 + [True] * 256
    assert {path.resolve() for path in paths} <= loaded_files()


def test_an_edited_cassette_warns_when_it_is_loaded(shipped: Path) -> None:
    path = shipped / "close-lost.yaml"
    path.write_bytes(path.read_bytes().replace(b'"lost"', b'"won"'))

    with pytest.warns(EditedCassetteWarning, match="close-lost.yaml was edited"):
        Library([]).load("close-lost")


@pytest.mark.parametrize("installed", [False, True])
def test_the_shipped_directory_is_the_checkouts_own_unless_the_package_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    package = tmp_path / "site-packages" / "replaydisputes"
    inside = package / "cassettes"
    (inside if installed else package).mkdir(parents=True)
    monkeypatch.setattr(library, "__file__", str(package / "library.py"))

    assert shipped_directory() == (inside if installed else tmp_path / "site-packages" / "cassettes")


def test_provenance_survives_the_way_through_the_library(shipped: Path) -> None:
    loaded = Library([]).load("close-twice").provenance

    assert loaded is not None
    assert replace(loaded, digest="") == PROVENANCE
