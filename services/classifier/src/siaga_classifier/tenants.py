"""What the classifier asks of each tenant, made once at start."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from siaga_tenants import Gazetteer, Need, Tenant, TenantError, Tenants

from siaga_classifier.adapters.maps import TenantAreas
from siaga_classifier.adapters.model_files import shipped_table
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.core.advice import Policy
from siaga_classifier.core.assessment import TenantView
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
        maps = {code: tenant.gazetteer for code, tenant in tenants.items()}
        self._packs = {code: _pack(tenant, national) for code, tenant in tenants.items()}
        self._views = {code: _view(tenant, self._packs[code], maps) for code, tenant in tenants.items()}
        self._unknown = TenantView(_reader(national), national.base_priority, Policy(_sends_nobody), None)

    def of(self, code: str) -> TenantView:
        """The tenant's view; for an unknown one the national rules, no units and no map: everything to a person."""
        return self._views.get(code, self._unknown)

    def words_known(self, code: str) -> frozenset[str]:
        """Every word that stands in a phrase of the tenant's rules."""
        return self._packs[code].lexicon.known

    def __getitem__(self, code: str) -> TenantView:
        return self._views[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)


def _pack(tenant: Tenant, national: RulePack) -> RulePack:
    if not tenant.rules:
        return national
    try:
        return load_pack(tenant.rules)
    except RuleError as error:
        raise TenantError([f"tenant {tenant.code}: rules: {error}"]) from error


def _view(tenant: Tenant, pack: RulePack, maps: Mapping[str, Gazetteer]) -> TenantView:
    return TenantView(
        read=_reader(pack),
        base_priority=pack.base_priority,
        policy=Policy(
            sends=lambda kind, priority: bool(tenant.plan.needs(kind, priority)),
            automatic_channels=frozenset(tenant.dispatch.automatic_channels),
            automatic_types=frozenset(tenant.dispatch.automatic_types),
        ),
        areas=TenantAreas(tenant.gazetteer, tenant.landmarks, tenant.units, maps),
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
