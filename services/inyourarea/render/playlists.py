"""HLS playlists of fragmented MP4 files. Pure. Source: RFC 8216bis, Apple's authoring rules."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from inyourarea.render.stream import StreamedFile

_HEAD = ("#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS")
_SOUND = "sound"
#: What a browser is told that these files are.
PLAYLIST_TYPE, MP4_TYPE = "application/vnd.apple.mpegurl", "video/mp4"


@dataclass(frozen=True)
class Variant:
    """A rung's media playlist, by name, and the file that it lists."""

    playlist: str
    file: StreamedFile


def media_playlist(file: StreamedFile, name: str) -> str:
    """The playlist of one file, which is called ``name`` beside it."""
    longest_s = max(part.duration_s for part in file.fragments)
    lines = [
        *_HEAD,
        f"#EXT-X-TARGETDURATION:{math.ceil(longest_s)}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f'#EXT-X-MAP:URI="{name}",BYTERANGE="{file.header}@0"',
    ]
    for part in file.fragments:
        lines += [
            f"#EXTINF:{float(part.duration_s):.6f},",
            f"#EXT-X-BYTERANGE:{part.length}@{part.offset}",
            name,
        ]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def master_playlist(
    variants: Sequence[Variant], rate: Fraction, sound: Variant | None = None
) -> str:
    """The playlist of playlists, the smallest variant first, so that it starts soon.

    ``rate`` is the average frame rate.
    """
    lines = list(_HEAD)
    if sound:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{_SOUND}",NAME="{_SOUND}",DEFAULT=YES,'
            f'AUTOSELECT=YES,URI="{sound.playlist}"'
        )
    for variant in sorted(variants, key=lambda variant: variant.file.size or (0, 0)):
        lines += [_stream_inf(variant.file, rate, sound), variant.playlist]
    return "\n".join([*lines, ""])


def _stream_inf(file: StreamedFile, rate: Fraction, sound: Variant | None) -> str:
    width, height = file.size or (0, 0)
    heard = [sound.file] if sound else []
    codecs = ",".join([file.codec, *(part.codec for part in heard)])
    attributes = [
        f"BANDWIDTH={file.peak_bits + sum(part.peak_bits for part in heard)}",
        f"AVERAGE-BANDWIDTH={file.average_bits + sum(part.average_bits for part in heard)}",
        f'CODECS="{codecs}"',
        f"RESOLUTION={width}x{height}",
        f"FRAME-RATE={float(rate):.3f}",
        *([f'AUDIO="{_SOUND}"'] if sound else []),
    ]
    return f"#EXT-X-STREAM-INF:{','.join(attributes)}"
