"""How a stage reads its knobs: once, from the environment, all problems told together."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from inyourarea.core.errors import Refused

PREFIX = "INYOURAREA_"

T = TypeVar("T")


class SettingsRejected(Refused):
    """The environment asks for something impossible; every problem is named."""


class Environment:
    """Reads values one after another, then tells all that was wrong with them at once.

    Names are given without their prefix ``INYOURAREA_``; one that is not set has its default.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._problems: list[str] = []

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        text = self._values.get(PREFIX + name, str(default))
        if text.isascii() and text.isdecimal() and least <= int(text) <= most:
            return int(text)
        self._problem(name, f"a whole number from {least} to {most}", text)
        return default

    def seconds(self, name: str, default: Fraction, most: int) -> Fraction:
        """Seconds, more than 0."""
        text = self._values.get(PREFIX + name, str(default))
        try:
            value = Fraction(text)
        except (ValueError, ZeroDivisionError):
            value = Fraction(0)
        if 0 < value <= most:
            return value
        self._problem(name, f"seconds, more than 0 and up to {most}", text)
        return default

    def text(self, name: str, default: str, wanted: str) -> str:
        """Some text; ``wanted`` says what of, where it is empty."""
        text = self._values.get(PREFIX + name, default)
        if not text:
            self._problem(name, wanted, text)
        return text

    def folder(self, name: str) -> Path | None:
        """A folder that is there, or none."""
        text = self._values.get(PREFIX + name)
        if text is None:
            return None
        if not Path(text).is_dir():
            self._problem(name, "a folder that exists", text)
        return Path(text)

    def answer(self, name: str, *, default: bool) -> bool:
        """Yes or no."""
        text = self._values.get(PREFIX + name, "yes" if default else "no")
        if text not in ("yes", "no"):
            self._problem(name, "yes or no", text)
        return text == "yes"

    def read(self, name: str, default: T, read: Callable[[str], T], wanted: str) -> T:
        """What ``read`` makes of the text; it raises `ValueError` where it can not."""
        text = self._values.get(PREFIX + name)
        if text is None:
            return default
        try:
            return read(text)
        except ValueError:
            self._problem(name, wanted, text)
            return default

    def needed(self, name: str, read: Callable[[str], str], wanted: str) -> str:
        """As `read`, of a value that must be set."""
        if PREFIX + name not in self._values:
            self._problem(name, wanted, "")
        return self.read(name, "", read, wanted)

    def secret(self, name: str) -> str:
        """A secret that must be set: as it is, or in the file that ``<name>_FILE`` names.

        It is never told in a problem.
        """
        text, file = (self._values.get(PREFIX + where, "") for where in (name, f"{name}_FILE"))
        if bool(text) == bool(file):
            problem = f"one of {PREFIX}{name} and {PREFIX}{name}_FILE must be set"
            self._problems.append(problem)
            return ""
        return text or self.secret_file(f"{name}_FILE")

    def secret_file(self, name: str) -> str:
        """The secret in a file that must be named."""
        file = self._values.get(PREFIX + name, "")
        try:
            text = Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError):
            text = ""
        if not text:
            self._problem(name, "a file that can be read and holds a secret", file)
        return text

    def several(self, name: str, read: Callable[[str], T], wanted: str) -> tuple[T, ...]:
        """What stands between commas, each read by ``read``, which raises `ValueError`."""
        found = []
        for part in filter(None, map(str.strip, self._values.get(PREFIX + name, "").split(","))):
            try:
                found.append(read(part))
            except ValueError:
                self._problem(name, wanted, part)
        return tuple(found)

    def check(self) -> None:
        """Nothing was wrong.

        Raises:
            SettingsRejected: something was; all of it is told.
        """
        if self._problems:
            raise SettingsRejected("; ".join(self._problems))

    def _problem(self, name: str, wanted: str, found: str) -> None:
        self._problems.append(f"{PREFIX}{name} must be {wanted}, not {found[:80]!r}")


def read_together(
    environment: Mapping[str, str], *readers: Callable[[Mapping[str, str]], Any]
) -> list[Any]:
    """What each of the readers makes of the environment.

    Raises:
        SettingsRejected: one or more can not; the problems of all are told together.
    """
    found, problems = [], []
    for read in readers:
        try:
            found.append(read(environment))
        except SettingsRejected as rejected:
            problems.append(str(rejected))
    if problems:
        raise SettingsRejected("; ".join(problems))
    return found


def named_files(environment: Mapping[str, str]) -> dict[str, bytes]:
    """What the files hold that settings ``INYOURAREA_..._FILE`` name, where they can be read."""
    found = {}
    for name, file in environment.items():
        if name.startswith(PREFIX) and name.endswith("_FILE"):
            with suppress(OSError):
                found[name] = Path(file).read_bytes()
    return found


def parse_address(text: str, least_port: int = 1) -> str:
    """An address, HOST:PORT; `ValueError` where it is none."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not least_port <= int(port) < 1 << 16:
        raise ValueError(text)
    return text
