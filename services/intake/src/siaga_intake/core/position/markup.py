"""XML from strangers: no entities, no document types, bounded; and what of a broken document is whole is kept."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import errors

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

# A location with all that RFC 7852 may add is a few kilobytes; a larger document would hold up everybody's events.
MAX_CHARACTERS: Final = 64 * 1024
# A vCard within a block within a location is 14 deep; far deeper ones only look for the end of somebody's stack.
MAX_DEPTH: Final = 40

# Prefixes as all the world writes them: some senders forget to declare them.
_USUAL: Final[Mapping[str, str]] = {
    "gp": "urn:ietf:params:xml:ns:pidf:geopriv10",
    "gml": "http://www.opengis.net/gml",
    "gs": "http://www.opengis.net/pidflo/1.0",
    "ca": "urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr",
    "cl": "urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr",
    "con": "urn:ietf:params:xml:ns:geopriv:conf",
    "dm": "urn:ietf:params:xml:ns:pidf:data-model",
}
_DECLARATION: Final = re.compile(r"<\?xml\b[^>]*\?>")
_PREFIX: Final = re.compile(r"(?:</?|\s)([A-Za-z_][\w.-]*):[A-Za-z_]")
_RESERVED: Final = frozenset({"xml", "xmlns"})
_CUT: Final = frozenset({errors.codes[errors.XML_ERROR_NO_ELEMENTS], errors.codes[errors.XML_ERROR_UNCLOSED_TOKEN]})
_UNDECLARED: Final = errors.codes[errors.XML_ERROR_UNBOUND_PREFIX]


@dataclass(frozen=True, slots=True)
class Markup:
    """What of a document could be read, perhaps nothing, and what is wrong with it."""

    root: Element | None
    faults: tuple[str, ...] = ()


class _TooDeep(Exception):  # noqa: N818  (it ends the reading, it is no fault of ours)
    pass


class _Builder(TreeBuilder):
    """Knows which elements are under way, so that the half-read one can be dropped when the document breaks off."""

    def __init__(self) -> None:
        super().__init__()
        self.under_way: list[Element] = []
        self.root: Element | None = None

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        if len(self.under_way) >= MAX_DEPTH:
            raise _TooDeep
        element = super().start(tag, attrs)
        self.root = element if self.root is None else self.root
        self.under_way.append(element)
        return element

    def end(self, tag: str, /) -> Element:
        self.under_way.pop()
        return super().end(tag)

    def whole(self, wholes: frozenset[str]) -> Element | None:
        """What is there without the element under way that counts only as a whole, else without the last text."""
        for parent, child in zip(self.under_way, self.under_way[1:], strict=False):
            if local(parent) in wholes:
                parent.remove(child)
                return self.root
        if len(self.under_way) > 1 and not len(self.under_way[-1]):
            self.under_way[-2].remove(self.under_way[-1])
        return self.root


def parse(document: str | bytes, wholes: frozenset[str] = frozenset()) -> Markup:
    """Read a document; never raises. Children of elements named in `wholes` are dropped when they are cut short."""
    written = _decoded(document)
    if len(written) > MAX_CHARACTERS:
        return Markup(None, (f"is longer than {MAX_CHARACTERS:,} characters",))
    if not written:
        return Markup(None, ("is empty",))
    markup, code = _parse(written, wholes)
    if code != _UNDECLARED:
        return markup
    used = sorted(set(_PREFIX.findall(written)) - _RESERVED)
    declared = " ".join(f'xmlns:{prefix}="{_USUAL.get(prefix, f"urn:undeclared:{prefix}")}"' for prefix in used)
    mended, _ = _parse(f"<mended {declared}>{_DECLARATION.sub('', written, count=1)}", wholes, "</mended>")
    return Markup(mended.root, ("uses prefixes that it does not declare: read as usual", *mended.faults))


def _parse(written: str, wholes: frozenset[str], ending: str = "") -> tuple[Markup, int]:
    builder = _Builder()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    try:
        parser.feed(written)
        if ending and len(builder.under_way) == 1 and written.endswith(">"):
            parser.feed(ending)
        return Markup(parser.close()), 0
    except ParseError as error:
        fault = "is no XML: it breaks off" if error.code in _CUT else f"is no XML: {error}"
        return Markup(builder.whole(wholes), (fault,)), error.code
    except DefusedXmlException:
        return Markup(None, ("has a document type or entities, which are not taken",)), 0
    except _TooDeep:
        return Markup(builder.whole(wholes), (f"is nested deeper than {MAX_DEPTH}",)), 0
    except ValueError:
        return Markup(None, ("holds characters that no text has",)), 0


def _decoded(document: str | bytes) -> str:
    if isinstance(document, str):
        return document.strip("\ufeff\0 \t\r\n")
    if document.startswith((b"\xff\xfe", b"\xfe\xff")):
        return document.decode("utf-16", "replace").strip("\ufeff\0 \t\r\n")
    return document.decode("utf-8", "replace").strip("\ufeff\0 \t\r\n")


def local(element: Element) -> str:
    """An element's name without its namespace: senders mix namespaces up, and the names alone tell them apart."""
    return element.tag.rpartition("}")[2]


def below(element: Element, *names: str) -> Iterator[Element]:
    """All elements of these names within, itself included, in the document's order."""
    return (each for each in element.iter() if local(each) in names)


def child(element: Element, name: str) -> Element | None:
    """The first direct child of this name."""
    return next((each for each in element if local(each) == name), None)


def said(element: Element | None) -> str:
    """An element's own text with its white space put in order; empty when there is none."""
    return "" if element is None or element.text is None else " ".join(element.text.split())
