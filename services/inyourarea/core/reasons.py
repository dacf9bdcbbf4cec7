"""Why something can not be done with a video: each sentence that people are told, by a short name.

The sentence alone travels, from process to process, in facts and in the store. Whoever wants its
name, or says it in another language, reads name and figures out of it again: each is of one of
these. A figure may be a sentence itself. The page says them in Korean (``web/src/words/reasons``).
"""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

REASONS: Mapping[str, str] = MappingProxyType(
    {
        # A file that is no video to work with.
        "file-large": "The file has {size} bytes; at most {most} are taken. Cut it, or export it "
        "smaller.",
        "empty": "the file is empty; give the whole file",
        "playlist": "the file is a list of other files, not a video; give the video",
        "unreadable": "the video can not be read ({error}): it is damaged or of no known kind; "
        "mp4, mov, mkv, webm, ts and gif are",
        "tracks": "the video has more than {most} tracks or needs too much memory to open; "
        "export it again with one picture and one sound track",
        "no-picture": "the file has no moving picture, only sound or data; give a video",
        "codec": "the video's codec ({codec}) is not one that is decoded here; export it as H.264",
        "huge": "the video is {width}x{height}; frames may have at most {most} pixels",
        "no-size": "the video's pictures have no size, or one over {most}; export it again, "
        "smaller",
        "small": "the video is {width}x{height}; each side needs {least} pixels",
        "large": "the video is {width}x{height}; a side may have {most} pixels",
        "pixels": "the video has {frames} frames of {width}x{height}, more pixels than four hours "
        "at 3840x2160 and 60 frames/s; give a part of it or a smaller copy",
        "long": "the video says that it lasts {hours} hours; it may last {most}, cut it first",
        "frames": "the video has {frames} frames or more; it may have {most}, cut it first",
        "dense": "the video has more than {most} frames in one second; export it again at its "
        "usual frame rate",
        "clock": "the video's times are counted in steps of {seconds} s, and steps of at most 1 s "
        "are taken; export it again",
        "undecodable": "no picture of the video could be decoded; it is damaged, export it again",
        "no-frame": "the video holds no picture; it is damaged, export it again",
        "cut-short": "the video is cut short after {frames} frames; copy or download it again",
        "damaged": "the video is damaged or cut short after {frames} frames; "
        "copy or download it again",
        "part": "no frame lies between {start} s and {end} s; the video lasts {length} s",
        "rest": "no frame lies between {start} s and the end; the video lasts {length} s",
        "being-written": "the video ended at byte {at} of {size} while it was being read; "
        "start again when nobody writes to it",
        "given-up": "{what} was given up: {why}; export it again, shorter or smaller",
        "broken-off": "{what} failed: {why}; it is damaged, export it again with another program",
        "undecodable-part": "a part of the video was announced but can not be decoded; "
        "export it again",
        "packet": "a packet of the video is damaged; export it again",
        "open-end": "the part's end lies between pictures that lean on each other; "
        "export the video again",
        # What was being done, and how a process came to its end.
        "opening": "opening the video",
        "copying": "copying the video with more key frames",
        "decoding": "decoding the frames {first} to {last} failed: {why}",
        "took-long": "it took more than {seconds} s",
        "took-memory": "it needed more than {mebibytes} MiB of memory",
        "signal": "its process was ended by signal {signal}",
        "exit": "its process ended by itself with code {code}",
        # What is done to a video that people may see.
        "range-mapped": "The video is converted: its high dynamic range is mapped to the colours "
        "of BT.709.",
        "lines-joined": "The video is converted: its interlaced lines are made whole frames.",
        "range-and-lines": "The video is converted: its high dynamic range is mapped to the "
        "colours of BT.709 and its interlaced lines are made whole frames.",
        # A model that is not the run's.
        "model-changed": "The model '{model}' was changed after this run was accepted; run again.",
        "model-gone": "No version of the model '{model}' in {repository} is the run's, nor is one "
        "that was published; run again.",
        "model-retired": "The model '{model}' was retired; run again.",
        "model-unserved": "The server has no version of the model '{model}' with the digest "
        "{digest} that the run was accepted with (it has {digests}); serve that version again, or "
        "run again.",
        "model-unlike": "The model '{model}' on the server at {server} takes pictures of {size} "
        "and knows {members}; the run was accepted with {wanted_size} and {wanted}.",
        "model-batches": "The server takes no batches for the model '{model}'.",
        "model-graph": "The model file is no ONNX graph that can be run: {error}. Fetch or export "
        "it again.",
        # Pins.
        "pin-late": "The pin for '{name}' is at {at}, but the last frame is at {end}; give a time "
        "in the video.",
        "pin-outside": "The pin for '{name}' at {at} and ({x}, {y}) is outside of the picture of "
        "{width}x{height}; give pixels of the source.",
        "pin-two-names": "The pins at {at} say that one person is '{name}' and '{other}'; keep one "
        "of them.",
        "pin-denied": "The pin at {at} says that this is not '{name}' and another one that it is; "
        "keep one of them.",
        "pin-no-face": "The pin for '{name}' at {at} hits nobody: no face is seen then.",
        "pin-nobody": "The pin for '{name}' at {at} and ({x}, {y}) hits nobody; faces then are at "
        "{faces}.",
        "pin-twins": "The pins at {first} and {second} name two people '{name}' who are seen at "
        "the same time; keep one of them.",
        "pin-unnamed": "A pin says who is not '{name}', but none says who is; pin that one first.",
        "pin-no-member": "A pin names '{name}', but the members are {members}.",
        "pin-held": "{why} Held in place because approved: {people}. Reopen whom to move.",
        "held": "Who was approved can not be held in place: this version of the program reads "
        "other frames of the video. Reopen them and try again.",
        # What people ask for.
        "stale": "Somebody else has changed this video meanwhile; load it again, then repeat.",
        "no-letter": "A name needs at least one letter.",
        "name-taken": "{name} is somebody else here; correct her with a pin.",
        "unapproved": "{name} has not been approved yet.",
        "not-drawn": "The fancams are still being drawn; wait for them.",
        "too-often": "This was too often; wait {seconds} s.",
        # The work itself.
        "unread": "not a fact of {channel} that can be read: {error}; try again",
        "no-end": "it was started {starts} times and never came to an end; try again, or export "
        "the video again, shorter or smaller",
        "died": "the work was broken off: {why}; try again, or export the video again, shorter or "
        "smaller",
        "defect": "the program failed at it ({error}); try again, and tell whoever runs it if it "
        "fails again",
        "away": "something that the work needs can not be had now ({what}); try again later",
        "no-scratch": "the folder for temporary files can not be used: {why}",
        "no-scratch-folder": "the folder for temporary files {folder} can not be used: {why}",
        "no-folder": "the folder {folder} can not be used: {why}",
        "disk-full": "the disk is full; make room on it and ask again",
        "disk-share": "your share of the disk is used up; make room and ask again",
        "boxes-old": "An earlier version of the program stored the boxes that were brought; run "
        "the video with --boxes again.",
        "outdated": "An earlier version of the program made this; try again, and it is made anew.",
    }
)

_HOLE = re.compile(r"\\\{(\w+)\\\}")


def told(reason: str, **figures: object) -> str:
    """The sentence of that name with its figures in it."""
    return REASONS[reason].format(**figures)


def reason_of(sentence: str) -> str | None:
    """The name of the sentence; none where it is not one of these."""
    return next((name for name, form in _forms().items() if form.fullmatch(sentence)), None)


@cache
def _forms() -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile(_HOLE.sub("(.+?)", re.escape(form)), re.DOTALL)
        for name, form in REASONS.items()
    }
