"""What detect counts beside what every service does."""

from prometheus_client import Counter, Histogram

from inyourarea.runtime.metrics import DURATIONS_S

PICTURES = Counter(
    "inyourarea_detector_pictures", "Pictures in which a model has looked for people.", ("model",)
)
CALL_SECONDS = Histogram(
    "inyourarea_detector_seconds",
    "Seconds that a detector took for up to eight pictures.",
    ("model",),
    buckets=DURATIONS_S,
)
