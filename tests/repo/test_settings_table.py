"""docs/settings.md has every setting that something reads, where it says who does, and no other."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from inyourarea.runtime.settings import PREFIX, Environment, SettingsRejected

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "services"
#: Under which heading rooms stand that are not called as it is.
HEADINGS = {"runtime": "Every service", "train": "Training"}
COMMANDS = ("cli", "embedded", "client")

_READER = re.compile(r"^def (\w+)\(environment: Mapping\[str, str\]\)", re.MULTILINE)
#: What is asked for by its whole name: of an `Environment`, or of the process's own.
_WAYS = "|".join(name for name in vars(Environment) if name[0] != "_")
_ASKED = re.compile(rf'\.(?:{_WAYS})\(\s*"([A-Z0-9_]+)"')
_TAKEN = re.compile(r'"(?:INYOURAREA_|\{PREFIX\})([A-Z0-9_]*[A-Z0-9])"')


class Questions(Mapping[str, str]):
    """An environment that has whatever it is asked for, and notes that.

    The value is of no use to most readers, which go on, and has Kafka's asked for a user.
    """

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name.removeprefix(PREFIX))
        return "SASL_SSL"

    def __iter__(self) -> Iterator[str]:
        return iter(self.asked)

    def __len__(self) -> int:
        return len(self.asked)


def test_the_page_has_the_settings_of_each_room_and_no_others() -> None:
    read = _read()
    ours = set().union(*(read.pop(room, set()) for room in COMMANDS))
    tables = _tables()
    commands = tables.pop("Commands")
    assert tables == {HEADINGS.get(room, room): names for room, names in read.items()}
    assert commands == ours.difference(*tables.values())


def _read() -> dict[str, set[str]]:
    """By room, the settings that its modules ask for."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (SERVICES / "inyourarea").rglob("*.py"):
        parts, text = path.relative_to(SERVICES).with_suffix("").parts, path.read_text()
        names = {*_ASKED.findall(text), *_TAKEN.findall(text)}
        for reader in _READER.findall(text):
            names |= _asked_by(getattr(import_module(".".join(parts)), reader))
        if names:
            found[parts[1]] |= names
    return dict(found)


def _asked_by(reader: Callable[[Mapping[str, str]], object]) -> set[str]:
    questions = Questions()
    with suppress(SettingsRejected):
        reader(questions)
    return questions.asked


def _tables() -> dict[str, set[str]]:
    """By heading, the names in the first column."""
    found: dict[str, set[str]] = {}
    for section in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, *lines = section.splitlines()
        first = [line.split("|")[1] for line in lines if line.startswith("| `")]
        found[heading] = set(re.findall(r"`([A-Z0-9_]+)`", " ".join(first)))
    return found
