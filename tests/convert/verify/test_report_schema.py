"""`report.json` is what its schema and its page say, field by field."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from edgeproof.convert.verify import report_schema
from edgeproof.convert.verify.report import Report
from edgeproof.convert.verify.report_schema import PAGE, SCHEMA, described_fields
from edgeproof.convert.verify.write import json_report

pytestmark = pytest.mark.xdist_group("report")
WRITE = "python -m edgeproof.convert.verify.report_schema"


@pytest.fixture(scope="module")
def strict() -> Draft202012Validator:
    """The shipped schema, and no other field than its own: new ones may come, not unnoticed."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    for part in (schema, *schema["$defs"].values()):
        part["additionalProperties"] = False
    return Draft202012Validator(schema)


@pytest.fixture(scope="module")
def document(full_report: Report) -> dict[str, Any]:
    return json.loads(json_report(full_report))


def test_real_reports_are_valid(
    strict: Draft202012Validator, document: dict[str, Any], broken_report: Report
) -> None:
    for found in (document, json.loads(json_report(broken_report))):
        assert [error.message for error in strict.iter_errors(found)] == []
    # what would be valid because there is none of it
    assert document["examples"][0]["examples"][0]["before"]
    assert document["layers"]["curves"][0]["points"]
    assert json.loads(json_report(broken_report))["broken"]


def without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda d: d.pop(name)


@pytest.mark.parametrize(
    ("alter", "where"),
    [
        (without("rows"), "rows"),
        (lambda d: d.update(schema_version=2), "1 was expected"),
        (lambda d: d.update(passed="yes"), "'yes' is not of type 'boolean'"),
        (lambda d: d["rows"][1].pop("cost"), "cost"),
        (lambda d: d["rows"][1]["cost"].update(agreement="all"), "'all' is not valid"),
        (lambda d: d["rows"][1]["checks"][0].update(bound="below"), "'below' is not one of"),
        (lambda d: d["runtimes"][0].update(state="fine"), "'fine' is not one of"),
        (lambda d: d["layers"]["curves"][0]["points"][0].update(snr_db=None), "None is not of"),
        (lambda d: d["examples"][0]["examples"][0].update(picture="iVBORw0"), "picture"),
        (lambda d: d["examples"][0].update(images="pictures"), "'pictures' is not one of"),
    ],
)
def test_an_altered_report_is_not_valid(
    strict: Draft202012Validator,
    document: dict[str, Any],
    alter: Callable[[dict[str, Any]], object],
    where: str,
) -> None:
    altered = copy.deepcopy(document)
    alter(altered)
    assert [e.message for e in strict.iter_errors(altered) if where in e.message]


def test_a_field_that_comes_later_is_no_error(document: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate({**document, "energy_mj": 3})


@pytest.mark.parametrize("place", [SCHEMA, PAGE], ids=lambda p: p.name)
def test_what_is_shipped_is_made_of_the_dataclasses(place: Path) -> None:
    assert place.read_text(encoding="utf-8") == report_schema.written()[place], f"run {WRITE}"


def test_a_field_without_a_word_is_found() -> None:
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Half:
        """A class.

        Attributes:
            told: what it is.
        """

        told: int
        untold: int

    with pytest.raises(LookupError, match="each field of Half, not so: untold"):
        described_fields(Half)
