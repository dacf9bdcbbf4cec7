"""docs/metrics.md has every metric of ours, and no other."""

import re

from prometheus_client import REGISTRY

# Imported for what they register.
from inyourarea.detect import counting as _detect  # noqa: F401
from inyourarea.gateway import counting as _gateway  # noqa: F401
from inyourarea.runtime import metrics as _runtime  # noqa: F401
from metrics_table import metrics_table


def test_the_table_has_every_metric_with_its_type_and_labels() -> None:
    ours = {
        metric
        for metric in set(REGISTRY._collector_to_names)
        if getattr(metric, "_name", "").startswith("inyourarea_")
    }
    registered = {}
    for metric in ours:
        (family,) = metric.describe()
        name = f"{family.name}_total" if family.type == "counter" else family.name
        registered[name] = (family.type, tuple(metric._labelnames))
    assert {row.name: (row.type, row.labels) for row in metrics_table()} == registered


def test_names_say_their_unit_as_prometheus_wants_it() -> None:
    for row in metrics_table():
        assert re.fullmatch(r"inyourarea_[a-z_]+", row.name)
        assert row.name.endswith("_total") == (row.type == "counter")
        assert row.name.endswith("_seconds") or row.type != "histogram"
