"""What the classifier asks of each tenant, made once at start."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from siaga_tenants import Area, Gazetteer, Need, Tenant, TenantError, Tenants, normalise_name

from siaga_classifier.adapters.model_files import shipped_table
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.core.advice import Policy
from siaga_classifier.core.assess import TenantView
from siaga_classifier.core.words.concern import judge_text
from siaga_classifier.core.words.model import WordModel
from siaga_classifier.core.words.rule_shape import RuleError
from siaga_classifier.core.words.rulebook import RulePack
from siaga_classifier.core.words.rules import Reading

# A call's text is read again with each of its events; these many texts stay read.
READ_TEXTS: Final = 4_096


class TenantViews(Mapping[str, TenantView]):
    """Views by tenant code. A tenant nobody configured still has its calls looked at: `of` never fails."""

    def __init__(self, tenants: Tenants) -> None:
        national = load_pack()
        self._views = {code: _view(tenant, national) for code, tenant in tenants.items()}
        self._unknown = TenantView(_reader(national), national.base_priority, Policy(_sends_nobody), None)

    def of(self, code: str) -> TenantView:
        """The tenant's view; for an unknown one the national rules, no units and no map: everything to a person."""
        return self._views.get(code, self._unknown)

    def __getitem__(self, code: str) -> TenantView:
        return self._views[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)


class TenantAreas:
    """A tenant's gazetteer, with names compared without their spaces: people write Sumurpecung and Sumur Pecung."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._by_name: dict[str, tuple[Area, ...]] = {}
        for area in gazetteer.areas:
            name = _squeezed(area.name)
            self._by_name[name] = (*self._by_name.get(name, ()), area)

    def at(self, lat: float, lon: float) -> Area | None:
        """The smallest area that holds the point."""
        return self._gazetteer.at(lat, lon)

    def by_name(self, name: str) -> tuple[Area, ...]:
        """All areas of that name."""
        return self._by_name.get(_squeezed(name), ())

    def by_code(self, code: str) -> Area | None:
        """The area of a Kemendagri code."""
        return self._gazetteer.by_code(code)


def _squeezed(name: str) -> str:
    return normalise_name(name).replace(" ", "")


def _view(tenant: Tenant, national: RulePack) -> TenantView:
    pack = national
    if tenant.rules:
        try:
            pack = load_pack(tenant.rules)
        except RuleError as error:
            raise TenantError([f"tenant {tenant.code}: rules: {error}"]) from error
    return TenantView(
        read=_reader(pack),
        base_priority=pack.base_priority,
        policy=Policy(
            sends=lambda kind, priority: bool(tenant.plan.needs(kind, priority)),
            automatic_channels=frozenset(tenant.dispatch.automatic_channels),
            automatic_types=frozenset(tenant.dispatch.automatic_types),
        ),
        areas=TenantAreas(tenant.gazetteer),
        agencies=lambda kind, priority: _kinds(tenant.plan.needs(kind, priority)),
    )


def _kinds(needs: Iterable[Need]) -> tuple[str, ...]:
    """The first kind of each need: whoever usually has that duty."""
    return tuple(dict.fromkeys(need.kinds[0] for need in needs if not need.optional))


def _reader(pack: RulePack) -> Callable[[str], Reading]:
    model = WordModel(shipped_table(), pack.lexicon)

    @lru_cache(maxsize=READ_TEXTS)
    def remembered(text: str) -> Reading:
        return judge_text(text, pack, model)

    return remembered


def _sends_nobody(kind: str, priority: str) -> bool:  # noqa: ARG001  (the shape of a plan)
    return False
