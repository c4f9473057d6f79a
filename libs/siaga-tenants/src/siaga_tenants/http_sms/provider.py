"""A provider as one centre has it: a packaged definition or one of its own, with its account, sender and secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ruamel.yaml.nodes import MappingNode

from siaga_tenants.document import Problems, TenantError, Value
from siaga_tenants.http_sms.addresses import Network, check_url, network
from siaga_tenants.http_sms.definition import HttpSms
from siaga_tenants.http_sms.reading import read_definition

_PRESETS_DIR: Final = Path(__file__).parent / "presets"
PRESETS: Final = tuple(sorted(file.stem for file in _PRESETS_DIR.glob("*.yaml")))


@dataclass(frozen=True, slots=True)
class Provider:
    """All that is needed to send and to be told; secrets stay in their files."""

    definition: HttpSms
    sender: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)
    # Signs or is what the provider shows when it tells us something.
    callback_secret_file: Path | None = None
    callback_token_sha256: str = ""
    callback_ips: tuple[Network, ...] = ()
    # Under which address the provider reaches the notifier when that is not the public one.
    callback_base: str = ""

    @property
    def hears(self) -> bool:
        """Whether what comes in its name can be told from what anybody sends; if not, nothing is believed."""
        return bool(self.callback_secret_file or self.callback_token_sha256 or self.callback_ips)

    @property
    def confirms(self) -> bool:
        """Whether it ever tells what became of a message."""
        return self.hears and self.definition.receipts is not None


def provider(settings: Mapping[str, Any]) -> Provider:
    """The provider of settings as `notify.yaml` gives them; TenantError with all that is wrong with its definition."""
    problems = Problems()
    # Complaints about the settings themselves name no line: whoever reads them from a file uses `read_provider`.
    nowhere = Value(Path("notify.yaml"), 1, "", MappingNode("tag:yaml.org,2002:map", []), problems)
    found = read_provider(settings, nowhere)
    if problems.found or found is None:
        raise TenantError(problems.found)
    return found


def read_provider(settings: Mapping[str, Any], place: Value) -> Provider | None:
    """The same, with complaints at the provider's place in `notify.yaml`; None when there is no usable definition."""
    definition = _definition(settings, place)
    if definition is None:
        return None
    url = str(settings.get("url", ""))
    if url:
        check_url(url, place.child("url"))
        definition = replace(definition, sending=replace(definition.sending, url=url))
    elif not definition.sending.url:
        place.wrong("has no 'url', which is each centre's own here; add 'url: …'")
    params = {str(name): str(value) for name, value in dict(settings.get("params", {})).items()}
    secrets = {str(name): Path(file) for name, file in dict(settings.get("secrets", {})).items()}
    _check_given("params", definition.params, params, place)
    _check_given("secrets", definition.secrets, secrets, place)
    if definition.needs_sender and not settings.get("sender"):
        place.wrong("has no 'sender', which the provider wants to show; add 'sender: …'")
    networks = [network(str(each), place.child("callback_ips")) for each in settings.get("callback_ips", ())]
    secret_file = settings.get("callback_secret_file")
    base = str(settings.get("callback_base", ""))
    if base:
        check_url(base, place.child("callback_base"))
    return Provider(
        definition,
        str(settings.get("sender", "")),
        params,
        secrets,
        Path(secret_file) if secret_file else None,
        str(settings.get("callback_token_sha256", "")),
        tuple(each for each in networks if each is not None),
        base.rstrip("/"),
    )


def _definition(settings: Mapping[str, Any], place: Value) -> HttpSms | None:
    preset, file = settings.get("preset"), settings.get("file")
    if (preset is None) == (file is None):
        place.wrong(
            "must name either a preset or a file with a definition; write 'file: mine.yaml', or 'preset: …' with one of: "
            + ", ".join(PRESETS)
        )
        return None
    if file is not None:
        if not Path(file).is_file():
            # Whoever read the settings has said so.
            return None
        problems = Problems()
        found = read_definition(Path(file), problems)
        place.problems.found.extend(problems.found)
        return None if problems.found else found
    if preset not in PRESETS:
        place.child("preset").wrong(f"{preset!r} is no preset; use one of: {', '.join(PRESETS)}, or 'file: …'")
        return None
    return _packaged(str(preset))


@lru_cache(maxsize=len(PRESETS))
def _packaged(name: str) -> HttpSms:
    problems = Problems()
    found = read_definition(_PRESETS_DIR / f"{name}.yaml", problems)
    if problems.found:
        raise TenantError(problems.found)
    return found


def _check_given(kind: str, wanted: tuple[str, ...], given: Mapping[str, object], place: Value) -> None:
    for name in wanted:
        if name not in given:
            place.wrong(f"has no {kind}.{name}, which the provider needs; add '{name}: …' under {kind}")
    for name in given:
        if name not in wanted:
            place.child(kind).wrong(f"{name!r} is not used by this provider; it uses: {', '.join(wanted) or 'none'}")
