"""Files that lie: an honest mp4 taken apart and put together wrongly."""

import io
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.packet import Packet

from media import Film, Sound, film, sound_packets


def box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def split(content: bytes) -> list[tuple[bytes, bytes]]:
    """The boxes (kind, content) that lie side by side here."""
    found, at = [], 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        found.append((content[at + 4 : at + 8], content[at + 8 : at + size]))
        at += size
    return found


def join(boxes: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(box(kind, content) for kind, content in boxes)


def with_many_tracks(content: bytes, tracks: int) -> bytes:
    """The same file with its track described that many times."""
    boxes = []
    for kind, inner in split(content):
        parts = split(inner) if kind == b"moov" else []
        copies = [part for part in parts if part[0] == b"trak"] * (tracks - 1)
        boxes.append((kind, join([*parts, *copies]) if parts else inner))
    return join(boxes)


def with_a_life_of_years(content: bytes) -> bytes:
    """The movie's and the track's headers count two billion whole seconds."""
    scale, duration = (1).to_bytes(4, "big"), (2 * 10**9).to_bytes(4, "big")
    for header in (b"mvhd", b"mdhd"):
        at = content.index(header) + 16
        content = content[:at] + scale + duration + content[at + 8 :]
    return content


def with_a_million_frames(content: bytes) -> bytes:
    """The sample tables promise a million frames of no more than what one takes."""
    return join([(kind, _retold(kind, inner)) for kind, inner in split(content)])


_NESTED = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
_MILLION = (10**6).to_bytes(4, "big")
_ONE = (1).to_bytes(4, "big")


def with_a_last_frame_of_days(content: bytes) -> bytes:
    """The last of thirty frames lasts two billion ticks; no header says so."""
    lasts = (29, 512, 1, 2 * 10**9)
    return join([(kind, _lasting(kind, inner, lasts)) for kind, inner in split(content)])


def _lasting(kind: bytes, inner: bytes, lasts: tuple[int, ...]) -> bytes:
    if kind in _NESTED:
        return join([(name, _lasting(name, part, lasts)) for name, part in split(inner)])
    if kind == b"stts":
        return inner[:4] + b"".join(n.to_bytes(4, "big") for n in (len(lasts) // 2, *lasts))
    return inner


def with_clock(content: bytes, tick_ns: int) -> bytes:
    """A matroska whose stamps count in steps of so many nanoseconds, not of a million.

    Where that takes a byte more, the name of the program that wrote it gives one.
    """
    at = content.index(bytes.fromhex("2ad7b1830f4240"))
    app = content.index(b"\x57\x41", at)
    letters = content[app + 2] & 0x7F
    size = 4 if tick_ns >> 24 else 3
    name = content[app + 3 : app + 3 + letters][: letters - (size - 3)]
    scale = bytes.fromhex("2ad7b1") + bytes([0x80 | size]) + tick_ns.to_bytes(size, "big")
    app_box = b"\x57\x41" + bytes([0x80 | len(name)]) + name
    rest = content[app + 3 + letters :]
    return content[:at] + scale + content[at + 7 : app] + app_box + rest


def _retold(kind: bytes, inner: bytes) -> bytes:
    if kind in _NESTED:
        return join([(name, _retold(name, part)) for name, part in split(inner)])
    if kind == b"stts":
        return inner[:4] + _ONE + _MILLION + _ONE
    if kind == b"stsz":
        return inner[:4] + _ONE + _MILLION
    if kind == b"stsc":
        return inner[:4] + _ONE + _ONE + _MILLION + _ONE
    return inner


def huge_pictures(side: int) -> bytes:
    """A matroska header that promises side x side pixels; the packets tell nothing else."""
    written = io.BytesIO()
    with av.open(written, "w", format="matroska") as container:
        stream: Any = container.add_mux_stream("vp9", rate=30, width=side, height=side)
        for number in range(5):
            packet = Packet(bytes([0x83]) * 200)
            packet.stream, packet.is_keyframe = stream, True
            packet.pts = packet.dts = number
            packet.time_base = Fraction(1, 30)
            container.mux(packet)
    return written.getvalue()


def cut_short() -> bytes:
    """An mp4 whose complete header comes first, and of whose frames a third is missing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        path.write_bytes(film(Film(options={"crf": "1"})))
        options = {"movflags": "faststart"}
        fast_path = path.with_stem("fast")
        with av.open(path) as source, av.open(fast_path, "w", options=options) as fast:
            stream = fast.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    fast.mux(packet)
        content = fast_path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    return content[: len(content) * 2 // 3]


def sound_alone() -> bytes:
    """An m4a."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as container:
        for packet in sound_packets(container, Sound()):
            container.mux(packet)
    return written.getvalue()
