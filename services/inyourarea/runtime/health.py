"""``python -m inyourarea.runtime.health``: asks a service how it is, as a probe does beside it."""

import argparse
import os
import sys

from inyourarea.core.errors import DependencyAway, Refused
from inyourarea.runtime import tls
from inyourarea.runtime.objects import ObjectNotFound
from inyourarea.runtime.rpc import channel, is_serving
from inyourarea.runtime.settings import PREFIX

#: Seconds: whoever does not say that it is well by then is not.
_PATIENCE_S = 5.0


def main(words: list[str] | None = None) -> int:
    """0 where the service says SERVING; else 1, and why.

    It is asked at the address that is named, else at its own (``INYOURAREA_LISTEN``), with its own
    certificate where there is one (``INYOURAREA_TLS_...``).
    """
    parser = argparse.ArgumentParser(prog="python -m inyourarea.runtime.health")
    parser.add_argument("address", nargs="?", metavar="HOST:PORT")
    parser.add_argument("--of", default="", metavar="PART", help="of one part, not of the whole")
    words_for_name = "that its certificate is for, where the address is none of those"
    parser.add_argument("--name", default="", help=words_for_name)
    asked = parser.parse_args(words)
    address = asked.address or os.environ.get(f"{PREFIX}LISTEN", "")
    if not address:
        parser.error(f"name an address, or set {PREFIX}LISTEN")
    try:
        with channel(address, tls.read_settings(os.environ), asked.name) as there:
            is_well = is_serving(there, _PATIENCE_S, asked.of)
    except (Refused, DependencyAway, ObjectNotFound) as trouble:
        print(f"not serving: {trouble}", file=sys.stderr)  # noqa: T201 - the probe's answer
        return 1
    if not is_well:
        print("not serving: it drains, or waits for something that is away", file=sys.stderr)  # noqa: T201
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
