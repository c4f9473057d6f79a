"""`notify preview`: every text of a centre, as it is read."""

from pathlib import Path

import pytest
from siaga_cli.main import build
from siaga_kit.embedded.errors import StackError
from siaga_notifier.core.message import Words
from siaga_notifier.core.preview import preview
from siaga_tenants import load_tenants
from typer.testing import CliRunner

TENANTS = Path(__file__).parents[3] / "tenants"


@pytest.mark.parametrize("code", ["17.71", "18.04", "32.14", "36.73"])
@pytest.mark.parametrize("link", ["", "https://s112.id/a/2iLkJdgtVp1Y87YiJgXeJLNZ"])
def test_every_text_is_one_sms_and_tells_no_more_than_it_may(code: str, link: str) -> None:
    messages = load_tenants(TENANTS)[code].messages
    texts = {
        one.name: one for one in preview(Words(dict(messages), dict(messages.type_labels)), messages.mass_texts, link)
    }
    assert all(one.segments == 1 and one.places <= 160 for one in texts.values())
    assert texts["sms_dispatch, again"].text.startswith("ULANG #114 P1 Kebakaran bangunan")
    for name in ("sms_confidential", "feedback_received", "mass_texts.padat"):
        assert "KDRT" not in texts[name].text
        assert "081234567890" not in texts[name].text
    assert "3673-2026-000114" in texts["feedback_received"].text


def test_the_command_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIAGA_TENANTS_DIR", str(TENANTS))
    result = CliRunner().invoke(build("notify"), ["notify", "preview", "--tenant", "36.73"], env={"COLUMNS": "240"})
    assert result.exit_code == 0, result.output
    for part in ("sms_confidential", "Gunakan pendekatan senyap", "mass_texts.banjir  144 places, 1 SMS", "#114 BATAL"):
        assert part in result.output
    wrong = CliRunner().invoke(build("notify"), ["notify", "preview", "--tenant", "99.99"])
    assert isinstance(wrong.exception, StackError)
