"""What operators read of costs is what was measured, and of days to come what is simulated."""

import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "benchmarks"))

import simulate  # noqa: E402

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


@pytest.mark.parametrize(
    ("row", "gpus"),
    [
        ("a third of all pods lost at once", None),
        ("a third of all pods lost, with GPUs", simulate.WITH_GPUS),
    ],
)
def test_a_table_tells_of_lost_pods_what_the_simulation_does(row: str, gpus: Path | None) -> None:
    plans = simulate.read_plans(simulate.CHART, gpus=gpus)
    outcome = simulate.simulate(simulate.scenarios(100)[-1], plans)
    minutes = simulate.np.percentile(outcome.minutes, (50, 95, 99))
    most = [max(outcome.copies[name]) for name in plans if name != "track"]
    hours = {
        name: sum(outcome.copies[name]) * simulate.NOTE_S * plan.cores / 3600
        for name, plan in plans.items()
    }
    text = (ROOT / "docs/scale.md").read_text()
    told = re.search(
        rf"^\| {row} \|(?: \S+ \|)? ([\d./ ]+) \| ([\d, ]+) \| (\d+)", text, re.MULTILINE
    )
    assert told
    assert told[1] == " / ".join(f"{each:.1f}" for each in minutes)
    assert told[2] == ", ".join(map(str, most))
    assert int(told[3]) == round(sum(hours.values()) - hours.get("triton", 0))
