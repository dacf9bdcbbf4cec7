"""The ways in which input can be refused; every message is a sentence for the user.

And what is no fault of the input: something that is needed is away.
"""


class Refused(Exception):
    """Something that came from outside can not be used; the text says what and what to do."""


class VideoUnreadable(Refused):
    """The video can not be opened, or holds nothing that can be decoded."""


class VideoTooLarge(Refused):
    """The video is over a limit on pixels, duration, frames, streams, memory or time."""


class LabelsUnreadable(Refused):
    """A file of boxes (old CSV or MOTChallenge text) does not say what it should."""


class RunUnreadable(Refused):
    """A file of a finished run, or of its truth, is missing or damaged."""


class PinRejected(Refused):
    """A pin hits nobody, or contradicts another."""


class UnknownMember(Refused):
    """A member was asked for that nobody in this run is called."""


class ModelRejected(Refused):
    """A model or group file does not keep the model contract."""


class DatasetRejected(Refused):
    """A dataset, or labelled pictures that should come into it, do not say what they should."""


class DependencyAway(Exception):
    """Something that a unit needs (a model server, a database) can not be reached now."""

    dependency = "service"
