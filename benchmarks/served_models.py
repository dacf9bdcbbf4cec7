"""What a picture costs on a Triton server beside this process: CPU, waiting, bytes on the wire.

The server is the one of the tests, on this machine, with the python backend: the same graph in the
same onnxruntime. CPU is that of all processes concerned, so other work on the machine says little;
waiting is only worth something on a machine that does nothing else.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / part) for part in ("", "cluster")]

from inyourarea.contracts.triton_config import CPU  # noqa: E402
from inyourarea.detect.detector import Detector  # noqa: E402
from inyourarea.detect.settings import TritonSettings  # noqa: E402
from inyourarea.detect.triton import TritonDetector, TritonServer  # noqa: E402
from inyourarea.embedded.models import ModelFile, find_model  # noqa: E402
from inyourarea.stage_show import Show, ShowSpec  # noqa: E402
from inyourarea.stage_show.draw import draw_frame  # noqa: E402
from inyourarea.train.answers import letterboxed  # noqa: E402
from inyourarea.train.triton_repository import write_repository  # noqa: E402
from servers import Wire  # noqa: E402
from triton_server import Triton, triton  # noqa: E402

BATCHES = (1, 4, 8)
CLIENTS = 3
#: Laptop and server, pictures at a time: both cores of the smallest machine.
THREADS = 2
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Per picture: milliseconds of CPU here and in the server, and of waiting (median)."""

    here_ms: float
    server_ms: float
    wait_ms: float

    def __str__(self) -> str:
        total = self.here_ms + self.server_ms
        parts = f"({self.here_ms:.1f} here, {self.server_ms:.1f} server)"
        return f"{total:6.1f} ms CPU {parts}, {self.wait_ms:6.1f} ms waited"


def main() -> None:
    """Print the table of each model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=48, help="per measure, a multiple of 8")
    count = parser.parse_args().pictures
    show = Show.plan(
        ShowSpec(
            seed=21,
            members=5,
            seconds=Fraction(12),
            size=(960, 540),
            fps=Fraction(25),
            setting="hard",
        )
    )
    numbers = np.linspace(0, show.spec.frames - 1, 8).astype(int).tolist()
    frames = [draw_frame(show, number)[0][:, :, ::-1] for number in numbers]
    files = [find_model(group) for group in (None, "show")]
    with tempfile.TemporaryDirectory() as folder:
        names = [file.name for file in files]
        write_repository(files[0].path.parents[2], names, Path(folder), CPU)
        with triton(Path(folder), names) as server:
            for file in files:
                laptop = file.load(THREADS)
                pictures = np.stack([letterboxed(frame, laptop.info) for frame in frames])
                print(f"{file.name}, {laptop.info.width}x{laptop.info.height}")
                served = _detector(server.address, file.name, file.sha256())
                for size in BATCHES:
                    here = _cost(laptop, pictures[:size], count // size, None)
                    there = _cost(served, pictures[:size], count // size, server)
                    print(f"  batch {size}, in process {here}")
                    print(f"           Triton     {there}")
                _clients(server, file, pictures, count)
                _bytes(server, file.name, file.sha256(), pictures)


def _detector(address: str, name: str, sha256: str) -> TritonDetector:
    server = TritonServer(TritonSettings(address, Fraction(120), None))
    return TritonDetector(server, name, sha256)


def _cost(detector: Detector, pictures: np.ndarray, calls: int, server: Triton | None) -> Cost:
    detector.find(pictures)
    waits, here, there = [], time.process_time(), _server_s(server)
    for _ in range(calls):
        begun = time.perf_counter()
        detector.find(pictures)
        waits.append(time.perf_counter() - begun)
    per_picture = 1000 / (calls * len(pictures))
    return Cost(
        (time.process_time() - here) * per_picture,
        (_server_s(server) - there) * per_picture,
        statistics.median(waits) * 1000 / len(pictures),
    )


def _clients(server: Triton, model: ModelFile, pictures: np.ndarray, count: int) -> None:
    """Several clients with a picture at a time: does the server put them together?"""
    before = server.statistics(model.name)

    def look() -> None:
        detector = _detector(server.address, model.name, model.sha256())
        for number in range(count // CLIENTS):
            detector.find(pictures[number % len(pictures)][None])

    here, there, begun = time.process_time(), _server_s(server), time.perf_counter()
    clients = [threading.Thread(target=look) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    waited = time.perf_counter() - begun
    after = server.statistics(model.name)
    seen, runs = (int(after[k]) - int(before[k]) for k in ("inference_count", "execution_count"))
    cost = (time.process_time() - here + _server_s(server) - there) * 1000 / seen
    print(
        f"  {CLIENTS} clients, 1 picture a call: {seen / runs:.2f} pictures a batch, {cost:.1f} ms "
        f"CPU and {waited * 1000 / seen:.1f} ms a picture"
    )


def _bytes(server: Triton, name: str, sha256: str, pictures: np.ndarray) -> None:
    wire = Wire(f"http://{server.address}")
    detector = _detector(wire.url.removeprefix("http://"), name, sha256)
    before = dict(wire.carried)
    detector.find(pictures)
    up, down = ((wire.carried[way] - before[way]) / len(pictures) for way in ("up", "down"))
    print(f"  wire: {up:,.0f} bytes up, {down:,.0f} down a picture in a batch of {len(pictures)}")
    wire.close()


def _server_s(server: Triton | None) -> float:
    """CPU seconds of the server and of its models' processes."""
    if server is None:
        return 0.0
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it ended meanwhile
        if server.pid in (int(stat.parent.name), int(words[1])):
            ticks += int(words[11]) + int(words[12])
    return ticks * _TICK_S


if __name__ == "__main__":
    main()
