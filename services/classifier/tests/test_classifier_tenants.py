"""Tenant data as the classifier sees it."""

from dataclasses import replace
from pathlib import Path

import pytest
from siaga_classifier.core.place import locate
from siaga_classifier.tenants import TenantAreas, TenantViews
from siaga_tenants import Area, Borders, Gazetteer, Tenant, TenantError, Tenants
from siaga_tenants.model import DispatchPolicy, Messages, Need, ResponsePlan, SanctionPolicy


def tenant(**more: object) -> Tenant:
    areas = [
        Area("36.73", "kabupaten", "Kota Serang", "36", -6.1, 106.1, 266),
        Area("36.73.01", "kecamatan", "Serang", "36.73", -6.1, 106.1, 25),
        Area("36.73.01.1004", "desa", "Sumur Pecung", "36.73.01", -6.11, 106.16, 2),
    ]
    plan = ResponsePlan({("animal", "any"): (Need("rescue", ("damkar",)),), ("prank", "any"): ()})
    made = Tenant(
        "36.73", "Kota Serang", "Asia/Jakarta", (), SanctionPolicy("1"), DispatchPolicy(automatic_channels=("app",)),
        plan, (), Gazetteer.of(areas, Borders(Path("none"), Path("none"))), Messages({}, {}),
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def test_a_view_asks_the_plan_and_the_policy() -> None:
    view = TenantViews(Tenants({"36.73": tenant()}))["36.73"]
    assert view.policy.sends("animal", "P3")
    assert not view.policy.sends("prank", "P4")
    assert view.policy.automatic_channels == {"app"}


@pytest.mark.parametrize("name", ["Sumurpecung", "Kel. Sumur Pecung", "sumur  pecung"])
def test_names_with_and_without_spaces(name: str) -> None:
    assert locate(name, "", None, TenantAreas(tenant().gazetteer)).area_code == "36.73.01.1004"


def test_a_tenants_own_rules_stay_its_own() -> None:
    overlay = ({"types": {"animal": {"strong": ["garangan masuk kandang"]}}},)
    views = TenantViews(Tenants({"36.73": tenant(rules=overlay), "17.71": tenant()}))
    told = {code: {reason.rule for reason in views[code].read("garangan masuk kandang").reasons} for code in views}
    assert "type.animal" in told["36.73"]
    assert "type.animal" not in told["17.71"]
    shared, own = (views[code].read("ada ular masuk rumah") for code in ("17.71", "36.73"))
    assert replace(own, rules_version=shared.rules_version) == shared


def test_faulty_rules_stop_the_start_and_name_the_tenant() -> None:
    with pytest.raises(TenantError, match=r"tenant 36.73: rules: types.naga"):
        TenantViews(Tenants({"36.73": tenant(rules=({"types": {"naga": {}}},))}))


def test_an_unknown_tenant_still_has_its_calls_looked_at() -> None:
    view = TenantViews(Tenants({})).of("99.99")
    assert view.read("kebakaran rumah").type == "fire_building"
    assert not view.policy.sends("fire_building", "P1")
    assert view.areas is None
