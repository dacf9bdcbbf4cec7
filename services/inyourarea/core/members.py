"""Names of people: telling whether two are one, and making file names of them."""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence

from inyourarea.core.errors import UnknownMember

#: Bytes of a file name made from a person's name; leaves room for ``-200x630.mp4`` and for a
#: temporary suffix within the 255 bytes that file systems allow.
LONGEST_FILE_NAME_BYTES = 120
#: Names of devices on Windows, where ``con.mp4`` can not be made.
DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
)


def tidy(name: str) -> str:
    """The name as it is kept and shown: composed (NFC), outer blanks off, inner ones single."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def fold(name: str) -> str:
    """What two spellings of one name have in common: case, width and composition do not count."""
    return tidy(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()))


def is_numbered(name: str) -> bool:
    """Whether it is a name of somebody whom nobody named: ``person-1`` and so on."""
    return name.startswith("person-") and name[7:].isdigit()


def match_members(asked: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """The known names that were asked for, each once, in the order of asking.

    Raises:
        UnknownMember: somebody is called none of the known names, which the text lists.
    """
    found: dict[str, None] = {}
    for name in asked:
        found[_match(name, known)] = None
    return tuple(found)


def file_names(names: Sequence[str]) -> tuple[str, ...]:
    """A safe file name (without suffix) for each name; no two are equal, whatever the case.

    Letters, digits and marks of any script stay, as do ``-``, ``_``, ``.`` and single blanks.
    Where anything else was in the name, or it is too long, a digest of the name follows what
    remains, so that the file name does not depend on who else is there.
    """
    taken: set[str] = set()
    chosen = []
    for name in names:
        plain = _safe(tidy(name))
        is_free = plain and plain == tidy(name) and fold(plain) not in taken
        file_name = plain if is_free else _with_digest(plain, name)
        count = 2
        while fold(file_name) in taken:  # the very same name twice
            file_name = _with_digest(plain, f"{name}\0{count}")
            count += 1
        taken.add(fold(file_name))
        chosen.append(file_name)
    return tuple(chosen)


def _match(name: str, known: Sequence[str]) -> str:
    exact = [other for other in known if tidy(other) == tidy(name)]
    alike = exact or [other for other in known if fold(other) == fold(name)]
    if len(alike) == 1:
        return alike[0]
    everybody = ", ".join(known) if known else "nobody"
    if alike:
        raise UnknownMember(
            f"{name[:80]!r} may be any of {', '.join(alike)}; write the name exactly so."
        )
    raise UnknownMember(f"Nobody here is called {name[:80]!r}; known are: {everybody}.")


def _safe(name: str) -> str:
    """Only characters that every file system takes, within the length; may be empty."""
    kept = "".join(
        letter if letter in "-_. " or unicodedata.category(letter)[0] in "LMN" else "-"
        for letter in name
    )
    cut = kept.encode()[:LONGEST_FILE_NAME_BYTES].decode(errors="ignore").strip("-. ")
    return "" if cut.split(".")[0].casefold() in DEVICES else cut


def _with_digest(plain: str, name: str) -> str:
    digest = hashlib.sha256(unicodedata.normalize("NFC", name).encode(errors="replace"))
    start = plain.encode()[: LONGEST_FILE_NAME_BYTES - 9].decode(errors="ignore").rstrip("-. ")
    return f"{start or 'person'}-{digest.hexdigest()[:8]}"
