"""Opening what strangers send: only known containers and codecs, and nothing but the one object."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard
from av.video.stream import VideoStream

from inyourarea.core.errors import VideoTooLarge, VideoUnreadable
from inyourarea.core.reasons import told
from inyourarea.runtime.disk import FULL
from inyourarea.runtime.objects import Objects, ObjectsAway
from inyourarea.runtime.ranged import as_file

OneStream = TypeVar("OneStream", VideoStream, AudioStream)

#: What is opened at all. Playlists and scripts (concat, hls, dash) would read other files.
FORMATS = "mov,matroska,mpegts,gif"
#: Decoders that may see the pictures; a container can name hundreds of forgotten ones.
CODECS = frozenset(
    [
        "h264",
        "hevc",
        "vvc",
        "vp8",
        "vp9",
        "libvpx",
        "libvpx-vp9",
        "av1",
        "libdav1d",
        "mpeg1video",
        "mpeg2video",
        "mpeg4",
        "prores",
        "mjpeg",
        "gif",
    ]
)
#: Decoders that may hear the sound: what cameras, phones, broadcasts and browsers write.
SOUND_CODECS = frozenset(
    [
        *("aac", "aac_latm", "alac", "ac3", "eac3", "dca", "truehd", "s302m", "amrnb", "amrwb"),
        *("mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float"),
        *("opus", "libopus", "vorbis", "flac"),
        *("pcm_u8", "pcm_s8", "pcm_alaw", "pcm_mulaw", "pcm_bluray", "pcm_dvd"),
        *(
            f"pcm_{kind}{end}"
            for kind in ("s16", "s24", "s32", "f32", "f64")
            for end in ("le", "be")
        ),
    ]
)
#: Pixels of one frame: 8192 x 4320, the largest that cameras write.
LARGEST_FRAME_PX = 8192 * 4320
#: Tracks of one file. Cameras write up to about ten (sound, metadata, time code).
MOST_STREAMS = 64
#: Threads of one decoder. A constant, so that damaged input decodes to the same pictures anywhere.
DECODER_THREADS = 2

_READ_BYTES = 1 << 18
_HEAD_BYTES = 4096
_LISTS = (b"ffconcat", b"#EXTM3U", b"<?xml", b"[playlist]")


@contextmanager
def open_video(objects: Objects, key: str) -> Iterator[InputContainer]:
    """The object opened as a video; troubles of the library inside the block are told apart too.

    Raises:
        VideoUnreadable: it is no video of a known kind, or damaged.
        VideoTooLarge: opening it takes more memory or tracks than allowed.
        ObjectNotFound: there is no such object.
        ObjectsAway: the block was writing to a disk that is full.
    """
    file = as_file(objects, key)
    _check_beginning(file.read(_HEAD_BYTES))
    file.seek(0)
    try:
        container = av.open(
            file,
            options={"threads": "1", "max_pixels": str(LARGEST_FRAME_PX)},
            container_options={
                "format_whitelist": FORMATS,
                "protocol_whitelist": "none",
                "codec_whitelist": ",".join(sorted(CODECS | SOUND_CODECS)),
                "max_streams": str(MOST_STREAMS),
            },
            buffer_size=_READ_BYTES,
            metadata_errors="replace",
        )
        with cast("InputContainer", container) as opened:
            yield opened
    except MemoryError as trouble:
        raise VideoTooLarge(told("tracks", most=MOST_STREAMS)) from trouble
    except av.error.FFmpegError as trouble:
        if trouble.errno in FULL:
            raise ObjectsAway(told("no-scratch", why=FULL[trouble.errno])) from trouble
        raise VideoUnreadable(told("unreadable", error=trouble.strerror)) from trouble


def _check_beginning(head: bytes) -> None:
    if not head:
        raise VideoUnreadable(told("empty"))
    if head.lstrip().startswith(_LISTS):
        raise VideoUnreadable(told("playlist"))


def picture_stream(container: InputContainer) -> VideoStream:
    """The track that is decoded, ready for it; the other tracks are no longer read.

    Raises:
        VideoUnreadable: there is none, or its codec is not a known one.
        VideoTooLarge: its frames have too many pixels.
    """
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or "attached_pic" in str(stream.disposition):
        raise VideoUnreadable(told("no-picture"))
    codec = stream.codec_context
    if codec is None or codec.name not in CODECS:
        name = codec.name if codec else "unknown"
        raise VideoUnreadable(told("codec", codec=name))
    if codec.width * codec.height > LARGEST_FRAME_PX:
        raise VideoTooLarge(told("huge", width=codec.width, height=codec.height, most="8192x4320"))
    if codec.width < 1 or codec.height < 1:
        raise VideoUnreadable(told("no-size", most="8192x4320"))
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
    codec.thread_count = DECODER_THREADS
    codec.thread_type = "AUTO"
    codec.options = {"max_pixels": str(LARGEST_FRAME_PX)}
    return stream


def packets_of(container: InputContainer, stream: OneStream) -> Iterator["Packet[OneStream]"]:
    """The track's packets in the order of decoding; the last one is empty.

    Where a transport stream grows new tracks on the way, the library stumbles over them after
    everything was read.
    """
    with suppress(IndexError):
        yield from container.demux(stream)
