"""vcrpy's limits in what it plays, each shown on vcrpy and held here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import vcr
from vcr.errors import CannotOverwriteExistingCassetteException

from replaydisputes import replay
from replaydisputes.errors import MismatchError
from replaydisputes.model import Cassette, Request
from replaydisputes.playback import Player
from tests.peers_support import DISPUTE, interaction, no_longer, told, write_cassette

OPEN, LOST = {"status": "needs_response"}, {"status": "lost"}
CLOSE = f"{DISPUTE}/close"
STORY = (interaction("GET", DISPUTE, OPEN), interaction("POST", CLOSE, LOST), interaction("GET", DISPUTE, LOST))


def test_reading_twice_before_the_close(tmp_path: Path) -> None:
    path = write_cassette(tmp_path / "a.yaml", *STORY)

    def twice() -> list[str]:
        return [requests.get(DISPUTE).json()["status"] for _ in range(2)]

    with vcr.use_cassette(str(path), record_mode="none"):
        theirs = twice()
    with replay(str(path)):
        ours = twice()

    assert theirs == ["needs_response", "lost"], no_longer("vcrpy", "plays same requests in file order alone")
    assert ours == ["needs_response", "needs_response"]


def test_another_form_body_is_another_request(tmp_path: Path) -> None:
    path = write_cassette(tmp_path / "a.yaml", interaction("POST", DISPUTE, LOST, sent=b"submit=true"))
    with vcr.use_cassette(str(path), record_mode="none"):
        theirs = requests.post(DISPUTE, data={"submit": "false"}).status_code

    assert theirs == 200, no_longer("vcrpy", "passes over the body in matching")
    with pytest.raises(MismatchError, match=r"submit: asked false, recorded true"), replay(str(path)):
        requests.post(DISPUTE, data={"submit": "false"})


def test_a_blank_parameter_of_a_query_is_none_that_is_absent(tmp_path: Path) -> None:
    path = write_cassette(tmp_path / "a.yaml", interaction("GET", f"{DISPUTE}?expand=", LOST))
    with vcr.use_cassette(str(path), record_mode="none", match_on=["method", "scheme", "host", "path", "query"]):
        theirs = requests.get(DISPUTE).status_code

    assert theirs == 200, no_longer("vcrpy", "loses blank parameters of a query")
    with pytest.raises(MismatchError, match=r"expand: asked \(absent\), recorded \(blank\)"), replay(str(path)):
        requests.get(DISPUTE)


def test_the_text_of_a_mismatch_gives_the_next_step(tmp_path: Path) -> None:
    path = write_cassette(tmp_path / "a.yaml", *STORY)
    with (
        vcr.use_cassette(str(path), record_mode="none"),
        pytest.raises(CannotOverwriteExistingCassetteException) as one,
    ):
        requests.delete(CLOSE)
    with pytest.raises(MismatchError) as two, replay(str(path)):
        requests.delete(CLOSE)

    assert "record_mode='new_episodes'" in str(one.value), no_longer("vcrpy", "advises to record around a redactor")
    assert "Make the call with POST, or record a cassette that holds it with DELETE." in str(two.value)


def test_hooks_of_redaction_run_again_and_again(tmp_path: Path) -> None:
    path = write_cassette(tmp_path / "a.yaml", *STORY)
    seen = {"request": 0, "response": 0}

    def count(kind: str) -> Callable[[Any], Any]:
        def hook(value: Any) -> Any:
            seen[kind] += 1
            return value

        return hook

    hooks = {"before_record_request": count("request"), "before_record_response": count("response")}
    with vcr.use_cassette(str(path), record_mode="none", **hooks):
        on_load = dict(seen)
        requests.get(DISPUTE)
    asked = seen["request"] - on_load["request"]
    ours = told(
        f"""
        import json, sys, requests, replaydisputes
        with replaydisputes.replay({str(path)!r}):
            requests.get({DISPUTE!r})
        print(json.dumps([name for name in sys.modules if name.startswith("replaydisputes.redaction")]))
        """
    )

    assert (on_load["response"], asked) == (3, 3), no_longer("vcrpy", "runs hooks on load and three times a call")
    assert ours == []


def test_the_work_of_one_call_does_not_grow_with_the_cassette() -> None:
    def stories(size: int) -> list[Any]:
        return [interaction("GET", f"{DISPUTE}{number:05}", LOST) for number in range(size)]

    def ours(size: int) -> int:
        player = Player(Cassette(tuple(stories(size))), "many")
        player.answer(Request("GET", f"{DISPUTE}00001"))
        return _calls(lambda: player.answer(Request("GET", f"{DISPUTE}00002")))

    theirs = [_comparisons(size) for size in (10, 100)]

    assert theirs == [20, 200], no_longer("vcrpy", "compares twice with every interaction")
    ours(10)  # what is done once for a URL is done
    assert len({ours(10), ours(1_000)}) == 1


def _calls(work: Callable[[], object]) -> int:
    """Functions entered, of Python and of C."""
    entered = 0

    def hear(frame: object, event: str, argument: object) -> None:
        nonlocal entered
        entered += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(hear)
    try:
        work()
    finally:
        sys.setprofile(before)
    return entered


def _comparisons(size: int) -> int:
    """How often vcrpy compares two requests while it plays one."""
    from vcr.cassette import Cassette as VcrCassette  # noqa: PLC0415 - a namesake of ours
    from vcr.request import Request as VcrRequest  # noqa: PLC0415

    compared = 0

    def match(one: VcrRequest, other: VcrRequest) -> None:
        nonlocal compared
        compared += 1
        assert one.uri == other.uri

    cassette = VcrCassette("none.yaml", record_mode="none", match_on=(match,))
    cassette.data = [(VcrRequest("GET", f"{DISPUTE}{number:05}", None, {}), {}) for number in range(size)]
    wanted = VcrRequest("GET", f"{DISPUTE}{size - 1:05}", None, {})
    assert cassette.can_play_response_for(wanted) in (True, False)
    cassette.rewound = True
    cassette.play_response(wanted)
    return compared


LEFT_PATCHED = """
import asyncio, contextlib, http.client, json, sys, threading
import requests, vcr
import replaydisputes
from replaydisputes.interception import uninstall

whose, file, url = sys.argv[1:]
from urllib3.connectionpool import HTTPSConnectionPool
real_class = HTTPSConnectionPool.ConnectionCls

class Refusing:
    @staticmethod
    def load_cassette(path, serializer):
        from vcr.persisters.filesystem import FilesystemPersister
        return FilesystemPersister.load_cassette(path, serializer)
    @staticmethod
    def save_cassette(path, cassette_dict, serializer):
        raise OSError("the disk is full")

def attributes():
    adapter = vars(requests.adapters.HTTPAdapter)
    pool = vars(HTTPSConnectionPool).values()
    return [http.client.HTTPSConnection, http.client.HTTPConnection.connect, adapter["send"], *pool]

def patched():
    return HTTPSConnectionPool.ConnectionCls is not real_class

def theirs_when_saving_fails():
    recorder = vcr.VCR(record_mode="all")
    recorder.register_persister(Refusing)
    try:
        with recorder.use_cassette(file) as cassette:
            cassette.dirty = True
    except OSError:
        pass
    found = patched()
    HTTPSConnectionPool.ConnectionCls = real_class
    return found

async def one(opened, entered, leave):
    with opened:
        entered.set()
        await leave.wait()

async def interleaved(open):
    begun, end = [asyncio.Event(), asyncio.Event()], [asyncio.Event(), asyncio.Event()]
    tasks = []
    for number in range(2):
        tasks.append(asyncio.create_task(one(open(), begun[number], end[number])))
        await begun[number].wait()
    for number in range(2):
        end[number].set()
        await tasks[number]

def seen_by_another_thread(open):
    heard = []
    def ask():
        try:
            heard.append(requests.get(url, timeout=0.001, proxies={"https": "http://127.0.0.1:9"}).status_code)
        except (requests.RequestException, replaydisputes.errors.ReplayDisputesError):
            heard.append(0)
    start, go = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: (start.set(), go.wait(), ask()))
    thread.start(); start.wait()
    with contextlib.suppress(replaydisputes.errors.ReplayDisputesError), open():
        go.set(); thread.join()
    return heard[0]

def vcr_open(): return vcr.use_cassette(file, record_mode="none")
def our_open(): return replaydisputes.replay(file)

def theirs():
    told = {"save": theirs_when_saving_fails(), "thread": seen_by_another_thread(vcr_open)}
    asyncio.run(interleaved(vcr_open))
    return told | {"tasks": patched()}

def ours():
    before = attributes()
    told = {"thread": seen_by_another_thread(our_open)}
    asyncio.run(interleaved(our_open))
    try:
        with our_open():
            raise OSError("the disk is full")
    except OSError:
        pass
    uninstall()
    return told | {"left": any(one is not other for one, other in zip(before, attributes(), strict=True))}

print(json.dumps(theirs() if whose == "theirs" else ours()))
"""


def test_nothing_stays_patched_and_no_other_thread_is_answered(tmp_path: Path) -> None:
    path = write_cassette(tmp_path / "a.yaml", *STORY)
    theirs, ours = (told(LEFT_PATCHED, whose, str(path), DISPUTE) for whose in ("theirs", "ours"))

    assert theirs["save"], no_longer("vcrpy", "leaves HTTP patched after a save that failed")
    assert theirs["tasks"], no_longer("vcrpy", "leaves HTTP patched after cassettes of two tasks")
    assert theirs["thread"] == 200, no_longer("vcrpy", "answers threads that have no cassette")
    assert ours == {"thread": 0, "left": False}


IN_TASKS = """
import asyncio, json, sys
import httpx, vcr
import replaydisputes

url, *files = sys.argv[1:]

async def ask(client, opened, number, ready):
    with opened:
        ready[number].set()
        await asyncio.gather(*(event.wait() for event in ready))
        try:
            return (await client.get(url)).json()["status"]
        except Exception as error:
            return type(error).__name__

async def both(open):
    ready = [asyncio.Event(), asyncio.Event()]
    async with httpx.AsyncClient() as client:
        return await asyncio.gather(*(ask(client, open(file), number, ready) for number, file in enumerate(files)))

theirs = asyncio.run(both(lambda file: vcr.use_cassette(file, record_mode="none")))
ours = asyncio.run(both(replaydisputes.replay))
print(json.dumps([theirs, ours]))
"""


def test_two_tasks_with_a_cassette_each_hear_their_own(tmp_path: Path) -> None:
    files = [
        write_cassette(tmp_path / f"{said}.yaml", interaction("GET", DISPUTE, {"status": said}))
        for said in ("one", "two")
    ]
    theirs, ours = told(IN_TASKS, DISPUTE, *map(str, files))

    assert theirs != ["one", "two"], no_longer("vcrpy", "mixes up cassettes of concurrent tasks")
    assert ours == ["one", "two"]
