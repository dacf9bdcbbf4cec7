"""A labelled dataset in, a model version in the repository out."""

import os

THREADS = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
"""That a CPU learns with. Asked before ultralytics is imported, which sets the variable to 1."""
