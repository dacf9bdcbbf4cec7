"""What a video costs the object store: questions and bytes per minute, by the store's own count.

Runs all stages on a MinIO of its own; `python benchmarks/objects.py STAGE.mp4 [SECONDS]`.
"""

import re
import sys
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path

import urllib3

from inyourarea.contracts.specs import to_picture, to_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.core.picture import Picture
from inyourarea.embedded.line import Line
from inyourarea.embedded.run import Request, see, store_source
from inyourarea.runtime.minio_bucket import apply_bucket
from inyourarea.runtime.minio_objects import MinioObjects

sys.path.append(str(Path(__file__).parents[1] / "tests" / "cluster"))
from minio_server import MinioServer, minio

#: The store counts anew every ten seconds.
_COUNTED_S = 12
_COUNTS = re.compile(
    r'^minio_s3_(requests_total|traffic_\w+_bytes)\{(?:api="(\w+)",)?.*\} (\S+)$', re.MULTILINE
)


def counted(server: MinioServer) -> Counter[str]:
    """What the store was asked so far, by kind, and what it took and gave."""
    time.sleep(_COUNTED_S)
    told = urllib3.request("GET", f"{server.endpoint}/minio/v2/metrics/cluster").data.decode()
    return Counter({api or name: int(float(count)) for name, api, count in _COUNTS.findall(told)})


def main(video: Path, seconds: Fraction) -> None:
    """Print a table."""
    request = Request(video, Path(), (Picture(Fraction(9, 16)),))
    seeing = see(request)
    with minio() as server:
        apply_bucket(server.settings())
        objects = MinioObjects(server.settings())
        source = store_source(objects, video)
        before = counted(server)
        spec = facts.RunSpec(
            model=seeing.model,
            framing=request.framing,
            pictures=[to_picture(picture) for picture in request.pictures],
        )
        asked = ingest_pb2.SubmitVideoRequest(
            source_key=source.key, sha256=source.sha256, spec=spec, to_s=to_rational(seconds)
        )
        started = time.process_time()
        with Line(objects, seeing.detector_of) as line:
            watcher = line.watch()
            accepted = line.submit(asked)
            for fact in watcher.facts(accepted.run_id):
                if isinstance(fact, facts.StageFailed):
                    raise SystemExit(fact.reason)
        used_s = time.process_time() - started
        found = counted(server) - before
        stored: Counter[str] = Counter()
        for key in objects.list(""):
            stored[key.split("/")[0]] += objects.size(key)
    minutes = float(seconds) / 60
    print(
        f"{video.name}, {float(seconds):g} s, {len(accepted.segments)} segments; "
        f"{used_s:.1f} CPU s of this process (children not counted)"
    )
    for name, count in found.most_common():
        unit = (
            f"{count / minutes / 1e6:.1f} MB"
            if name.startswith("traffic")
            else f"{count / minutes:.0f}"
        )
        print(f"  {name:28} {unit} a minute")
    for kind, size in stored.most_common():
        print(f"  stored in {kind:18} {size / minutes / 1e6:.2f} MB a minute")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Fraction(sys.argv[2] if len(sys.argv) > 2 else "20"))
