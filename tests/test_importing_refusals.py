"""What a refusal of the gate says: the file that was read, its line, the field, and a rule that settles it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from replaydisputes.importing import Importer, plan
from replaydisputes.model import Interaction, Request, Response
from replaydisputes.redaction import extended
from tests.foreign.builders import vcrpy_yaml

NAME = "tarnby"
HARMLESS = Interaction(
    Request("GET", "https://api.stripe.com/v1/events", (), b""),
    Response(200, (("Content-Type", "application/json"),), b'{"object": "list", "data": []}', "OK"),
)


def interaction(answer: object, form: str = "") -> Interaction:
    headers = (("Content-Type", "application/json"),)
    url = "https://api.stripe.com/v1/disputes"
    return Interaction(
        Request("POST", url, (), form.encode()), Response(200, headers, json.dumps(answer).encode(), "OK")
    )


REFUSED = {
    "a status of an object in a list": (
        interaction({"object": "list", "data": [{"object": "charge", "status": NAME}]}, f"metadata[who]={NAME}"),
        "interactions[1].response.body $.data[0].status",
        "charge:status",
    ),
    "an error code": (
        interaction({"error": {"code": NAME, "type": "api_error"}}, f"description={NAME}"),
        "interactions[1].response.body $.error.code",
        "(none):error.code",
    ),
    "a form parameter": (
        interaction({"object": "dispute", "metadata": {"who": NAME}}, f"payment_method_types[0]={NAME}"),
        "interactions[1].request.body payment_method_types",
        "form:payment_method_types",
    ),
}


@pytest.mark.parametrize("place", REFUSED)
def test_a_refusal_names_file_line_field_reason_and_rule_and_the_rule_settles_it(place: str, tmp_path: Path) -> None:
    call, field, rule = REFUSED[place]
    content = vcrpy_yaml([HARMLESS, call])
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.yaml").write_bytes(content)
    planned = plan([tmp_path / "in"], tmp_path / "out")

    (refused,) = Importer().run(planned)
    (settled,) = Importer(extended(replaced=[rule])).run(planned)

    second_call = [number for number, line in enumerate(content.split(b"\n"), 1) if line.startswith(b"- request")][1]
    assert refused.problem.startswith(f"{tmp_path / 'in' / 'a.yaml'}:{second_call}: refused")
    assert f"the field {field} " in refused.problem
    assert f'replace = ["{rule}"]' in refused.problem
    assert NAME not in refused.problem
    assert str(tmp_path / "out") not in refused.problem
    assert settled.outcome == "written"
