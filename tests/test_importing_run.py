"""One run over many files: one memory, Stripe's calls only, originals untouched, the same bytes every time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from replaydisputes import cassette_file
from replaydisputes.importing import FileReport, Importer, PlanError, plan
from replaydisputes.model import Interaction, Request, Response
from tests.foreign.builders import har, ruby_yaml, vcrpy_yaml
from tests.raw_traffic import Account

SHIPPED = Path(__file__).parent.parent / "cassettes"
EMAIL = re.compile(r'"customer_email_address": "([^"]+)"')


def write(directory: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    return directory


def run(inputs: list[Path], out: Path, all_hosts: bool = False) -> list[FileReport]:
    return list(Importer(all_hosts=all_hosts).run(plan(inputs, out)))


def contents(directory: Path) -> dict[str, bytes]:
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in sorted(directory.rglob("*.*"))}


def elsewhere(host: str, call: Interaction) -> Interaction:
    request = call.request
    url = request.url.replace("api.stripe.com", host)
    return Interaction(Request(request.method, url, request.headers, request.body), call.response)


@pytest.fixture
def maria() -> Account:
    return Account(seed=1)


def test_the_same_person_and_id_have_one_stand_in_in_all_files_whatever_the_format(
    maria: Account, tmp_path: Path
) -> None:
    other = Account(seed=2)
    calls = maria.close_twice()
    files = {"a.yaml": vcrpy_yaml(calls), "b.yml": vcrpy_yaml(other.close_twice()), "sub/c.har": har(calls[1:])}
    run([write(tmp_path / "in", files)], tmp_path / "out")

    emails, disputes = {}, {}
    for name, content in contents(tmp_path / "out").items():
        emails[name] = set(EMAIL.findall(content.decode()))
        disputes[name] = set(re.findall(r"/disputes/(du_\w+)", content.decode()))
    assert emails["a.yaml"] == emails["sub/c.yaml"] == {"customer-1@example.invalid"}
    assert emails["b.yaml"] == {"customer-2@example.invalid"}
    assert disputes["a.yaml"] == disputes["sub/c.yaml"] == {"du_1AAAAAreplaydisp00000001"}
    assert disputes["b.yaml"] == {"du_1AAAAAreplaydisp00000002"}


def test_a_stand_in_that_a_later_file_already_holds_is_given_to_nobody_else(maria: Account, tmp_path: Path) -> None:
    run([write(tmp_path / "first", {"z.yaml": vcrpy_yaml(Account(seed=2).close_twice())})], tmp_path / "done")
    (tmp_path / "done" / "a.yaml").write_bytes(vcrpy_yaml(maria.close_twice()))
    run([tmp_path / "done"], tmp_path / "out")

    emails = {name: set(EMAIL.findall(content.decode())) for name, content in contents(tmp_path / "out").items()}
    assert emails == {"a.yaml": {"customer-2@example.invalid"}, "z.yaml": {"customer-1@example.invalid"}}


def test_importing_the_output_again_gives_the_same_bytes(maria: Account, tmp_path: Path) -> None:
    files = {"a.yaml": vcrpy_yaml(maria.close_twice()), "b.yaml": ruby_yaml(Account(seed=2).close_twice())}
    run([write(tmp_path / "in", files)], tmp_path / "once")
    run([tmp_path / "once"], tmp_path / "twice")

    assert contents(tmp_path / "twice") == contents(tmp_path / "once")


def test_importing_a_cassette_of_ours_changes_no_interaction(tmp_path: Path) -> None:
    run([SHIPPED], tmp_path / "out")

    names = sorted(path.name for path in SHIPPED.iterdir())
    assert [cassette_file.load(tmp_path / "out" / name).interactions for name in names] == [
        cassette_file.load(SHIPPED / name).interactions for name in names
    ]


def test_a_second_run_leaves_the_outputs_as_they_are(maria: Account, tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", {"a.yaml": vcrpy_yaml(maria.close_twice())})

    assert [run([inputs], tmp_path / "out")[0].outcome for _ in range(2)] == ["written", "unchanged"]


def test_the_same_inputs_give_the_same_bytes_under_any_hash_seed_and_from_any_place(tmp_path: Path) -> None:
    made = []
    for seed in ("1", "2"):
        place = tmp_path / f"place-{seed}"
        files = {f"{n}.yaml": vcrpy_yaml(Account(seed=n).close_twice()) for n in range(4)}
        write(place / "in", files)
        subprocess.run(
            [sys.executable, "-m", "replaydisputes", "redact", "in", "--out", "out"],
            cwd=place,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )
        made.append(contents(place / "out"))

    assert made[0] == made[1]


def test_originals_keep_their_bytes(maria: Account, tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", {"a.yaml": vcrpy_yaml(maria.close_twice()), "b.yaml": b"broken: ["})
    before = contents(inputs)
    run([inputs], tmp_path / "out")

    assert contents(inputs) == before


def test_calls_to_other_hosts_are_dropped_and_counted(maria: Account, tmp_path: Path) -> None:
    calls = maria.close_twice()
    mixed = [elsewhere("shop.acme-internal.com", calls[0]), *calls, elsewhere("js.stripe.com", calls[0])]
    [report] = run([write(tmp_path / "in", {"a.yaml": vcrpy_yaml(mixed)})], tmp_path / "out")

    assert (report.kept, dict(report.dropped_calls)) == (4, {"other hosts": 2})
    assert b"acme" not in (tmp_path / "out" / "a.yaml").read_bytes()


def test_all_hosts_keeps_them_under_stand_ins_that_are_the_same_in_all_files(maria: Account, tmp_path: Path) -> None:
    calls = maria.close_twice()
    acme, globex = elsewhere("shop.acme-internal.com", calls[0]), elsewhere("globex.example.com:8443", calls[0])
    upload = elsewhere("files.stripe.com", calls[0])
    files = {"a.yaml": vcrpy_yaml([calls[0], acme]), "b.yaml": vcrpy_yaml([globex, upload, acme])}
    run([write(tmp_path / "in", files)], tmp_path / "out", all_hosts=True)

    hosts = {
        name: re.findall(r"uri: \"?https://([^/\"]+)/", content.decode())
        for name, content in contents(tmp_path / "out").items()
    }
    assert hosts == {
        "a.yaml": ["api.stripe.com", "host-1.invalid"],
        "b.yaml": ["host-2.invalid", "files.stripe.com", "host-1.invalid"],
    }


def test_a_key_in_an_address_does_not_survive(maria: Account, tmp_path: Path) -> None:
    call = elsewhere(f"{maria.key}:@api.stripe.com:443", maria.close_twice()[0])
    [report] = run([write(tmp_path / "in", {"a.yaml": ruby_yaml([call])})], tmp_path / "out")

    assert report.outcome == "written"
    assert maria.key.encode() not in (tmp_path / "out" / "a.yaml").read_bytes()


def test_a_file_without_a_call_to_stripe_is_skipped(maria: Account, tmp_path: Path) -> None:
    files = {"a.yaml": vcrpy_yaml([elsewhere("example.com", maria.close_twice()[0])]), "b.yaml": vcrpy_yaml([])}
    reports = run([write(tmp_path / "in", files)], tmp_path / "out")

    assert [(report.outcome, report.exit_code) for report in reports] == [("skipped", 0)] * 2
    assert not (tmp_path / "out").exists()


def test_the_walk_takes_recordings_by_suffix_and_leaves_hidden_ones_out(maria: Account, tmp_path: Path) -> None:
    names = ["a.yaml", "b.YML", "c.json", "d/e.har", "f.txt", ".hidden.yaml", ".git/g.yaml"]
    inputs = write(tmp_path / "in", dict.fromkeys(names, vcrpy_yaml(maria.close_twice())))

    targets = [source.target.relative_to(tmp_path).as_posix() for source in plan([inputs], tmp_path / "out").sources]
    assert targets == ["out/a.yaml", "out/b.yaml", "out/c.yaml", "out/d/e.yaml"]


def test_a_file_given_by_name_needs_no_suffix_and_is_done_once(maria: Account, tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", {"close.v1": vcrpy_yaml(maria.close_twice())})
    planned = plan([inputs / "close.v1", inputs / "close.v1"], tmp_path / "out")

    assert [source.target.name for source in planned.sources] == ["close.v1.yaml"]


@pytest.mark.parametrize("names", [("a.yaml", "a.har"), ("A.yaml", "a.yml"), ("\u00e9.yaml", "e\u0301.yml")])
def test_of_two_files_that_would_become_one_the_second_is_refused_and_the_rest_is_done(
    names: tuple[str, str], maria: Account, tmp_path: Path
) -> None:
    content = vcrpy_yaml(maria.close_twice())
    inputs = write(tmp_path / "in", dict.fromkeys((*names, "other.yaml"), content))

    reports = run([inputs], tmp_path / "out")

    first, second = sorted(names)
    outcomes = {report.path.name: report.outcome for report in reports}
    assert outcomes == {first: "written", second: "refused", "other.yaml": "written"}
    assert f"as {inputs / first} does: rename one of them" in "".join(report.problem for report in reports)


@pytest.mark.parametrize("out", ["in", "in/redacted", "link", "in/../in"])
def test_an_out_inside_an_input_is_refused(out: str, tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", {"a.yaml": b""})
    (tmp_path / "link").symlink_to("in")
    with pytest.raises(PlanError, match="lies in the input"):
        plan([inputs], tmp_path / out)


def test_an_out_around_an_input_is_refused_where_it_would_overwrite_one(tmp_path: Path) -> None:
    write(tmp_path, {"in/a.yaml": b"", "b.yaml": b""})
    with pytest.raises(PlanError, match=r"is an input itself"):
        plan([tmp_path / "in", tmp_path / "b.yaml"], tmp_path)
    assert len(plan([tmp_path / "in"], tmp_path).sources) == 1


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_an_output_that_is_linked_to_an_input_is_refused(link: str, tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", {"a.yaml": b"x"})
    (tmp_path / "out").mkdir()
    getattr(tmp_path / "out" / "a.yaml", link)(inputs / "a.yaml")
    with pytest.raises(PlanError, match="is an input itself"):
        plan([inputs], tmp_path / "out")


TAKEN = {
    "somebody else's cassette": vcrpy_yaml([]),
    "no cassette": b"notes: mine\n",
}


@pytest.mark.parametrize("taken", TAKEN)
def test_only_a_cassette_of_ours_is_replaced(taken: str, maria: Account, tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", {"a.yaml": vcrpy_yaml(maria.close_twice())})
    write(tmp_path / "out", {"a.yaml": TAKEN[taken]})
    [report] = run([inputs], tmp_path / "out")

    assert (report.outcome, report.exit_code) == ("refused", 3)
    assert (tmp_path / "out" / "a.yaml").read_bytes() == TAKEN[taken]


def test_a_changed_recording_replaces_what_was_made_of_it_before(maria: Account, tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", {"a.yaml": vcrpy_yaml(maria.close_twice())})
    run([inputs], tmp_path / "out")
    write(inputs, {"a.yaml": vcrpy_yaml(maria.close_twice()[:2])})

    assert [report.outcome for report in run([inputs], tmp_path / "out")] == ["written"]
    assert len(cassette_file.load(tmp_path / "out" / "a.yaml").interactions) == 2


def test_a_personal_word_in_the_name_keeps_neither_the_file_from_being_done_nor_gets_into_the_scenario(
    maria: Account, tmp_path: Path
) -> None:
    body = json.dumps(maria.dispute_object("lost") | {"metadata": {"case": "Refund Lopez 4711"}}).encode()
    call = Interaction(maria.close_twice()[0].request, Response(200, maria.headers(), body, "OK"))
    run([write(tmp_path / "in", {"Refund Lopez 4711.yaml": vcrpy_yaml([call])})], tmp_path / "out")

    provenance = cassette_file.load(tmp_path / "out" / "Refund Lopez 4711.yaml").provenance
    assert provenance is not None
    assert provenance.scenario in ("imported", "Refund-Lopez-4711")
