"""What network and device add to a call (RFC 7852): blocks by value are read, references are kept and never followed.

What names a device for ever (its IMEI or MAC address) is not kept; nor is a subscriber's name where privacy is asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Final
from xml.etree.ElementTree import Element

from siaga_intake.core.events import AdditionalData, Defect
from siaga_intake.core.position import markup
from siaga_intake.core.position.markup import below, local, said

FIELD: Final = "additional_data"
# Of a comment; a name is shorter. A record must stay far below a megabyte, whatever hangs on to a call.
_MAX_TEXT: Final = 1_000
_MAX_NAME: Final = 128
# Of each kind of thing that may come several times.
_MOST: Final = 16
_REFERENCE: Final = "EmergencyCallDataReference"
_PREFIX: Final = "EmergencyCallData."
_FIELDS: Final = tuple(each.name for each in fields(AdditionalData))


def additional(
    blocks: Iterable[str | bytes], references: Iterable[str] = ()
) -> tuple[AdditionalData | None, tuple[Defect, ...]]:
    """All that came along with a call, as documents and as addresses; never raises. None when it says nothing."""
    reading = _Reading()
    for block in blocks:
        document = markup.parse(block)
        reading.defects += [Defect(FIELD, fault) for fault in document.faults]
        if document.root is not None and not reading.read(document.root):
            reading.defects.append(Defect(FIELD, f"no block that is known: {local(document.root)[:_MAX_NAME]}"))
    reading.refer(references)
    return reading.found(), tuple(dict.fromkeys(reading.defects))


def within(element: Element) -> AdditionalData | None:
    """What a location's provided-by says of who gave it: the same blocks and references."""
    reading = _Reading()
    reading.read(element)
    return reading.found()


def joined(one: AdditionalData | None, other: AdditionalData | None) -> AdditionalData | None:
    """Both, the first where both say the same thing otherwise."""
    if one is None or other is None:
        return one or other
    both: dict[str, Any] = {name: _both(getattr(one, name), getattr(other, name)) for name in _FIELDS}
    return AdditionalData(**both)


def _both(one: object, other: object) -> object:
    return (
        tuple(dict.fromkeys((*one, *other)))[:_MOST]
        if isinstance(one, tuple) and isinstance(other, tuple)
        else one or other
    )


@dataclass(slots=True)
class _Reading:
    texts: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    defects: list[Defect] = field(default_factory=list)

    def found(self) -> AdditionalData | None:
        lists = {name: tuple(dict.fromkeys(values))[:_MOST] for name, values in self.lists.items()}
        told: dict[str, Any] = {**self.texts, **lists}
        return AdditionalData(**told) if told else None

    def read(self, root: Element) -> bool:
        """Read every block and reference in it; whether there was any."""
        self.refer(each.get("ref", "") for each in below(root, _REFERENCE))
        blocks = [(name, each) for each in root.iter() if (name := _block(each))]
        for name, block in blocks:
            _READERS[name](self, block)
        return bool(blocks or self.lists)

    def refer(self, references: Iterable[str]) -> None:
        self._list("references", (each for each in references if len(each) <= _MAX_TEXT))

    def provider(self, block: Element) -> None:
        self._text("provider", _said_in(block, "DataProviderString"))
        self._text("provider_contact", _said_in(block, "ContactURI"))

    def service(self, block: Element) -> None:
        self._text("service_environment", _said_in(block, "ServiceEnvironment"))
        self._text("service_mobility", _said_in(block, "ServiceMobility"))
        self._list("service_types", map(said, below(block, "ServiceType")))

    def device(self, block: Element) -> None:
        self._text("device_classification", _said_in(block, "DeviceClassification", "DeviceDeviceType"))
        maker, model = (
            _said_in(block, "DeviceMfgr", "DeviceManufacturer"),
            _said_in(block, "DeviceModelNr", "DeviceModel"),
        )
        self._text("device_make_and_model", f"{maker} {model}".strip())

    def subscriber(self, block: Element) -> None:
        self._list("languages", map(said, below(block, "language-tag")))
        if block.get("privacyRequested", "").strip().lower() in ("true", "1"):
            self.defects.append(
                Defect(f"{FIELD}.SubscriberInfo", "the subscriber asks for privacy: the name is left out")
            )
            return
        formatted = next(below(block, "fn"), None)
        name = _said_in(formatted, "text") if formatted is not None else _said_in(block, "Name")
        self._text("subscriber_name", name)

    def comment(self, block: Element) -> None:
        self._list("comments", map(said, below(block, "Comment")), _MAX_TEXT)

    def _text(self, name: str, text: str) -> None:
        # The first block of a kind is the access provider's, nearest to the caller.
        if text:
            self.texts.setdefault(name, text[:_MAX_NAME])

    def _list(self, name: str, values: Iterable[str], longest: int = _MAX_NAME) -> None:
        values = [value if name == "references" else value[:longest] for value in values if value]
        if values:
            self.lists.setdefault(name, []).extend(values)


_READERS: Final = {
    "ProviderInfo": _Reading.provider,
    "ServiceInfo": _Reading.service,
    "DeviceInfo": _Reading.device,
    "SubscriberInfo": _Reading.subscriber,
    "Comment": _Reading.comment,
}


def _block(element: Element) -> str:
    name = local(element)
    return name.removeprefix(_PREFIX) if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) in _READERS else ""


def _said_in(element: Element, *names: str) -> str:
    """The text of the first element of these names that says something."""
    return next(filter(None, map(said, below(element, *names))), "")
