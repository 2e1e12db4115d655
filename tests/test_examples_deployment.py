"""The container file and the Kubernetes manifests fit the command that they start. No engine builds or runs them."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from replaydisputes.cli.serve import serve_command
from tests.served import served

ROOT = Path(__file__).parent.parent
MANIFESTS = sorted((ROOT / "examples/kubernetes").glob("*.yaml"))
INSTRUCTIONS = [
    re.sub(r"\\\n\s*", "", text).split(maxsplit=1)
    for text in re.findall(r"^(?!#)(\w+ (?:.*\\\n)*.*)$", (ROOT / "Containerfile").read_text("utf-8"), re.M)
]
PORT = 12111


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as base:
        yield base


def said(keyword: str) -> list[str]:
    return [rest for name, rest in INSTRUCTIONS if name == keyword]


def command(keyword: str) -> list[str]:
    """An instruction's command; only in exec form does it get the signals that stop it."""
    (rest,) = said(keyword)
    return json.loads(rest)  # type: ignore[no-any-return]


def options(arguments: list[str]) -> dict[str, Any]:
    """What `serve` makes of its arguments; raises click's own errors."""
    return serve_command.make_context("serve", list(arguments)).params


def resources(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def kinds(kind: str) -> list[dict[str, Any]]:
    return [one for path in MANIFESTS for one in resources(path) if one["kind"] == kind]


def servers() -> list[dict[str, Any]]:
    """The pods' containers that run the image of the Containerfile."""
    pods = [one["spec"]["template"]["spec"] for one in kinds("Deployment")]
    return [box for pod in pods for box in pod["containers"] if box["image"].startswith("replaydisputes:")]


def test_the_container_starts_the_server_for_other_machines_on_its_exposed_port() -> None:
    program, name, *arguments = command("ENTRYPOINT")
    given = options([*arguments, *command("CMD")])

    assert (program, name) == ("replaydisputes", "serve")
    assert (given["host"], given["port"], given["stripe_version"]) == ("0.0.0.0", PORT, "ignore")  # noqa: S104
    assert said("EXPOSE") == [str(PORT)]


def test_the_container_does_not_run_as_root() -> None:
    names = [name for name, _ in INSTRUCTIONS]

    assert said("USER") == ["10001:10001"]
    assert names.index("USER") > max(at for at, name in enumerate(names) if name == "RUN")


def test_the_container_is_healthy_where_the_server_answers_and_only_there(url: str) -> None:
    (check,) = said("HEALTHCHECK")
    _, *probe = json.loads(check[check.index("[") :])

    def probed(address: str) -> int:
        written = [part.replace(f"http://127.0.0.1:{PORT}", address) for part in probe]
        return subprocess.run([sys.executable, *written], capture_output=True, timeout=20, check=False).returncode

    assert any(f"http://127.0.0.1:{PORT}/" in part for part in probe)
    assert (probed(url), probed("http://127.0.0.1:9")) == (0, 1)


def test_the_wheel_builds_from_what_the_container_copies(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for rest in said("COPY"):
        *wanted, target = shlex.split(rest)
        for name in wanted:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, source / target)
            else:
                shutil.copy(ROOT / name, source / target)

    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(source)]
    subprocess.run(build, check=True, capture_output=True)

    assert [path.name.split("-")[0] for path in tmp_path.glob("*.whl")] == ["replaydisputes"]


def test_the_pods_start_the_server_as_the_command_takes_it() -> None:
    _, _, *arguments = command("ENTRYPOINT")
    assert servers()

    for box in servers():
        assert options([*arguments, *box["args"]])["port"] == box["ports"][0]["containerPort"] == PORT


def test_servers_of_several_replicas_share_their_sessions() -> None:
    services = {one["metadata"]["name"]: one["spec"]["ports"][0]["port"] for one in kinds("Service")}
    several = [one for one in kinds("Deployment") if one["spec"]["replicas"] > 1]
    assert several

    for deployment in several:
        state = urlsplit(options(deployment["spec"]["template"]["spec"]["containers"][0]["args"])["state"])
        assert (state.scheme, services[state.hostname or ""]) == ("redis", state.port)


def test_the_pods_probe_an_endpoint_that_answers(url: str) -> None:
    probes = [box[kind]["httpGet"] for box in servers() for kind in ("readinessProbe", "livenessProbe")]

    assert [probe["port"] for probe in probes] == ["http"] * len(probes)
    assert [requests.get(f"{url}{probe['path']}", timeout=10).status_code for probe in probes] == [200] * len(probes)


def test_the_pods_are_locked_down() -> None:
    pods = [one["spec"]["template"]["spec"] for one in kinds("Deployment")]

    assert [pod["securityContext"]["runAsNonRoot"] for pod in pods] == [True] * len(pods)
    assert [box["securityContext"] for box in servers()] == [
        {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    ] * len(servers())


def test_each_service_reaches_pods_by_a_port_they_have() -> None:
    deployments = {json.dumps(one["spec"]["template"]["metadata"]["labels"]): one for one in kinds("Deployment")}
    assert kinds("Service")

    for service in kinds("Service"):
        pod = deployments[json.dumps(service["spec"]["selector"])]["spec"]
        assert pod["selector"]["matchLabels"] == service["spec"]["selector"]
        named = {port["name"] for box in pod["template"]["spec"]["containers"] for port in box["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= named
