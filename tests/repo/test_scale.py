"""What operators read of costs is what was measured."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_A_MINUTE = json.loads((ROOT / "benchmarks/costs.json").read_text())["core_s_per_minute"]
#: Seconds of a core for a segment of four seconds.
COSTS = {stage: seconds * 4 / 60 for stage, seconds in _A_MINUTE.items()}


@pytest.mark.parametrize("stage", COSTS)
def test_the_first_table_tells_what_a_segment_costs(stage: str) -> None:
    text = (ROOT / "docs/scale.md").read_text()
    told = re.search(rf"^\| {stage}(?:, on CPUs)? \| ([\d.]+)", text, re.MULTILINE)
    assert told
    assert float(told[1]) == pytest.approx(COSTS[stage], rel=0.1, abs=0.05)


@pytest.mark.parametrize("stage", sorted(COSTS.keys() - {"track"}))
def test_the_values_tell_what_a_segment_costs(stage: str) -> None:
    text = (ROOT / "deploy/helm/inyourarea/values.yaml").read_text()
    told = re.search(rf"per copy of {stage} .* takes (?:it )?about ([\d.]+) s", text)
    assert told
    assert float(told[1]) == pytest.approx(COSTS[stage], rel=0.1, abs=0.05)
