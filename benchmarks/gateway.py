"""What the site bears: a large upload, many viewers, many who only listen; through a real server.

Prints per measure what was asked for and what was found. The store lies in a temporary folder on
the disk of ``--folder``; an upload needs three times its size there for a moment.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

_MIB = 1 << 20
_TUS = {"Tus-Resumable": "1.0.0"}
_OFFSET = {**_TUS, "Content-Type": "application/offset+octet-stream"}
#: Bytes of a range that a browser's player asks for.
_RANGE = 256 << 10
#: The server in a process of its own, so that its memory is its own; it serves what it is sent.
_SERVER = """
import sys
from pathlib import Path
import uvicorn
sys.path[:0] = ["tests/unit/gateway", "tests/unit/track"]
from inyourarea.gateway.catalog import Question
from inyourarea.gateway.settings import GatewaySettings
from rehearsal_house import RehearsedSite
site = RehearsedSite(Path(sys.argv[1]), seconds=3, members=2,
                     settings=GatewaySettings(trusts_everybody=True))
site.house.projection.rebuild()
if not site.catalog.find(Question()):
    site.http.base_url = "http://localhost/api/v1"
    site.ready(bytes(64 << 20))
uvicorn.run(site.app, port=int(sys.argv[2]), log_level="warning", timeout_graceful_shutdown=1)
"""


class Server:
    """A site in a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/api/v1"
        words = [sys.executable, "-c", _SERVER, str(folder), str(port)]
        self._process = subprocess.Popen(words, env=os.environ)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                httpx.get(f"{self.address}/me")
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                break
        else:
            raise TimeoutError("the site did not start")
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")  # the peak counts from here

    def status(self, field: str) -> int:
        """A figure of the process in KiB, such as VmRSS or VmHWM."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith(field)))

    def cpu_s(self) -> float:
        """Seconds of a core that the process has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """As by a power cut."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """As by Ctrl-C."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait()


def blocks(start: int, size: int) -> Iterator[bytes]:
    """The upload's bytes from ``start``: every MiB is told from the others."""
    for at in range(start, size, _MIB):
        number = at // _MIB
        block = random.Random(number).randbytes(4096) * (_MIB // 4096)
        yield block[: min(_MIB, size - at)]


def upload(folder: Path, port: int, mib: int) -> None:
    """Send a large file, kill the site at half of it, go on, and compare the digest."""
    size = mib * _MIB
    server = Server(folder, port)
    before = server.status("VmRSS")
    headers = {
        **_TUS,
        "Upload-Length": str(size),
        "Upload-Metadata": "filename " + base64.b64encode(b"large.mp4").decode(),
    }
    place = httpx.post(f"{server.address}/uploads", headers=headers).headers["location"]
    address = f"http://127.0.0.1:{port}{place}"

    def dying() -> Iterator[bytes]:
        for number, block in enumerate(blocks(0, size)):
            if number == mib // 2:
                grown.append(server.status("VmHWM") - before)
                server.kill()
            yield block

    grown: list[int] = []
    began = time.monotonic()
    with contextlib.suppress(httpx.TransportError):
        httpx.patch(address, headers={**_OFFSET, "Upload-Offset": "0"}, content=dying())
    server = Server(folder, port)
    again = server.status("VmRSS")
    kept = int(httpx.head(address, headers=_TUS).headers["upload-offset"])
    headers = {**_OFFSET, "Upload-Offset": str(kept)}
    rest = (block for block in blocks(kept, size))
    answer = httpx.patch(address, headers=headers, content=rest, timeout=600)
    sent_s = time.monotonic() - began
    grown.append(server.status("VmHWM") - again)
    began = time.monotonic()
    asked = {"upload_id": place.rsplit("/", 1)[1]}
    made = httpx.post(f"{server.address}/videos", json=asked, timeout=600)
    stored_s = time.monotonic() - began
    grown.append(server.status("VmHWM") - again)
    server.close()
    digest = hashlib.sha256()
    for block in blocks(0, size):
        digest.update(block)
    is_right = (folder / "store" / "sources" / digest.hexdigest()).stat().st_size == size
    print(f"upload of {mib} MiB: {answer.status_code}, {made.status_code}, killed at 50 %,")
    print(f"  {kept / size:.1%} were kept; digest right: {is_right}")
    print(f"  memory grew by {max(grown) / 1024:.0f} MiB at most (target 50)")
    print(f"  sent in {sent_s:.0f} s; POST /videos answered after {stored_s:.1f} s")


async def viewers(server: Server, count: int, ranges: int) -> None:
    """Many read ranges of the stage at once."""
    video = (await _json(server, "/videos"))["items"][-1]
    url = f"{server.address}/videos/{video['id']}/stage.mp4"
    waits: list[float] = []
    wrong: list[str] = []

    async def view(number: int, http: httpx.AsyncClient) -> None:
        lots = random.Random(number)
        for _ in range(ranges):
            start = lots.randrange(0, (64 << 20) - _RANGE)
            asked = {"Range": f"bytes={start}-{start + _RANGE - 1}"}
            began = time.monotonic()
            try:
                async with http.stream("GET", url, headers=asked) as answer:
                    body = answer.aiter_raw()
                    size = len(await anext(body))
                    waits.append(time.monotonic() - began)
                    async for part in body:
                        size += len(part)
                    if (answer.status_code, size) != (206, _RANGE):
                        wrong.append(f"{answer.status_code} with {size} bytes")
            except httpx.HTTPError as error:
                wrong.append(repr(error))

    limits = httpx.Limits(max_connections=count)
    used_s = server.cpu_s()
    async with httpx.AsyncClient(limits=limits, timeout=60) as http:
        began = time.monotonic()
        await asyncio.gather(*(view(number, http) for number in range(count)))
        took_s = time.monotonic() - began
    waits.sort()
    rate = count * ranges * _RANGE / _MIB / took_s
    print(f"{count} viewers, {ranges} ranges of {_RANGE >> 10} KiB each: {len(wrong)} errors")
    median, slow = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    print(f"  first byte p50 {median:.3f} s, p99 {slow:.3f} s")
    each_ms = (server.cpu_s() - used_s) / (count * ranges) * 1000
    print(
        f"  {rate:.0f} MiB/s, readers and site on the same cores; {each_ms:.1f} ms of one a range"
    )
    if wrong:
        print(f"  for instance {wrong[0]}")


async def listeners(server: Server, count: int) -> None:
    """Many only wait for events; the site still answers, and tells all of them of a change."""
    video = (await _json(server, "/videos"))["items"][-1]
    before = server.status("VmRSS")
    path = f"/api/v1/videos/{video['id']}/events"
    port = int(server.address.split(":")[2].split("/")[0])
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()

    async def listen() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        await reader.readuntil(b"event: video")
        return reader, writer

    streams = await asyncio.gather(*(listen() for _ in range(count)))
    began = time.monotonic()
    await _json(server, f"/videos/{video['id']}")
    answered_s = time.monotonic() - began
    grown = server.status("VmRSS") - before
    began = time.monotonic()
    async with httpx.AsyncClient(timeout=60) as http:
        changed = {"title": f"at {began}"}
        await http.patch(f"{server.address}/videos/{video['id']}", json=changed)
    told = str(began).encode()
    await asyncio.gather(*(reader.readuntil(told) for reader, _ in streams))
    told_s = time.monotonic() - began
    for _, writer in streams:
        writer.close()
    print(f"{count} who only listen: {grown / 1024:.0f} MiB more memory,")
    print(f"  a question is answered in {answered_s * 1000:.0f} ms,")
    print(f"  a change reaches all in {told_s:.2f} s")


async def _json(server: Server, path: str) -> Any:
    async with httpx.AsyncClient(timeout=60) as http:
        return json.loads((await http.get(server.address + path)).content)


def main() -> None:
    """All measures, or those that were named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="where the disk is large")
    parser.add_argument("--only", choices=("upload", "crowd"))
    parser.add_argument("--mib", type=int, default=2048)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--listeners", type=int, default=1000)
    asked = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        if asked.only != "crowd":
            upload(folder, port, asked.mib)
        if asked.only == "upload":
            return
        with contextlib.closing(Server(folder, port)) as server:
            asyncio.run(viewers(server, asked.viewers, ranges=10))
            asyncio.run(listeners(server, asked.listeners))


if __name__ == "__main__":
    main()
