"""XML from strangers: elements that know their line, no document type, no entities."""

from contextlib import suppress
from dataclasses import dataclass, field
from xml.parsers import expat

from inyourarea.core.errors import DatasetRejected

#: No label file nests deeper than about 8.
_DEEPEST = 64
#: Bytes in which a file's first tag begins.
_HEAD = 4096


@dataclass(slots=True)
class Element:
    """A tag, what stands in it, and the line that it begins in."""

    tag: str
    attributes: dict[str, str]
    where: str
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, tag: str) -> list["Element"]:
        """The children of that tag."""
        return [child for child in self.children if child.tag == tag]

    def find(self, *path: str) -> "Element | None":
        """The first one down that path of tags."""
        here: Element | None = self
        for tag in path:
            here = next(iter(here.all(tag)), None) if here else None
        return here

    def need(self, tag: str) -> "Element":
        """The first child of that tag.

        Raises:
            DatasetRejected: there is none.
        """
        found = self.find(tag)
        if found is None:
            raise DatasetRejected(f"{self.where}: <{self.tag}> has no <{tag}>.")
        return found

    def attribute(self, name: str) -> str:
        """An attribute that must be there.

        Raises:
            DatasetRejected: it is not.
        """
        if name not in self.attributes:
            raise DatasetRejected(f"{self.where}: <{self.tag}> has no {name}=.")
        return self.attributes[name]


def read_xml(file: str, content: bytes) -> Element:
    """The root of a file's elements.

    Raises:
        DatasetRejected: it is no XML, breaks off, or has a document type; file, line and reason.
    """
    top = Element("", {}, file)
    stack = [top]
    parser = _parser(file)
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        where = f"{file}, line {parser.CurrentLineNumber}"
        if len(stack) > _DEEPEST:
            raise DatasetRejected(f"{where}: elements nest too deep.")
        element = Element(tag, attributes, where)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_: str) -> None:
        stack.pop()

    def characters(text: str) -> None:
        stack[-1].text += text

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        line = parser.CurrentLineNumber
        raise DatasetRejected(
            f"{file}, line {line}: broken or half-written XML ({error})."
        ) from error
    return top.children[0]


def root_tag(file: str, content: bytes) -> str:
    """The tag that a file begins with; empty where it is no XML.

    Raises:
        DatasetRejected: it has a document type.
    """
    found: list[str] = []
    parser = _parser(file)
    parser.StartElementHandler = lambda tag, _: found.append(tag)
    with suppress(expat.ExpatError, ValueError, LookupError):
        parser.Parse(content[:_HEAD], False)
    return found[0] if found else ""


def _parser(file: str) -> expat.XMLParserType:
    """A parser that refuses where entities could be made."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise DatasetRejected(
            f"{file}, line {parser.CurrentLineNumber}: a document type; label files have none."
        )

    parser.StartDoctypeDeclHandler = refuse
    return parser
