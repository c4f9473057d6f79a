"""The page behind a crew's link: what the task is, and four buttons. No script, so that any phone shows it."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from siaga_notifier.core.model import UnitStatus

# What a crew presses, in the order in which things happen; the digits are those of its SMS.
BUTTONS: Final[Mapping[UnitStatus, tuple[str, str]]] = {
    UnitStatus.EN_ROUTE: ("1", "Meluncur"),
    UnitStatus.ON_SCENE: ("2", "Tiba di lokasi"),
    UnitStatus.CLEAR: ("3", "Selesai"),
    UnitStatus.DECLINED: ("0", "Tolak tugas"),
}
SAID: Final[Mapping[UnitStatus, str]] = {
    UnitStatus.EN_ROUTE: "meluncur",
    UnitStatus.ON_SCENE: "tiba di lokasi",
    UnitStatus.CLEAR: "selesai",
    UnitStatus.DECLINED: "tugas ditolak",
}
# After these there is nothing more to say of a task.
ENDING: Final = frozenset({UnitStatus.CLEAR, UnitStatus.DECLINED})

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#14181d;--paper:#fff;--soft:#5b6470;--line:#d5dae0;--go:#0b57d0;--stop:#b3261e;--done:#146c2e}
@media(prefers-color-scheme:dark){:root{--ink:#eef1f4;--paper:#14181d;--soft:#a5afba;--line:#3a424c;--go:#3d7be8;--stop:#ff8a80;--done:#7ddb95}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:18px/1.4 system-ui,sans-serif}
main{max-width:34rem;margin:0 auto;padding:1rem}
h1{display:flex;align-items:center;gap:.6rem;margin:.2rem 0;font-size:2rem}
h1 span{padding:.05rem .6rem;border-radius:.4rem;font-size:1.4rem;color:#fff;background:#444}
h1 .P0{background:#000;outline:2px solid #fff}h1 .P1{background:#c5221f}h1 .P2{background:#b3500c}
h1 .P3{background:#ffd24d;color:#14181d}h1 .P4{background:#146c2e}
p{margin:.4rem 0}.type{font-size:1.3rem;font-weight:600}.where{font-size:1.3rem;overflow-wrap:anywhere}.soft{color:var(--soft)}
.quiet{padding:.5rem .7rem;border:2px solid var(--stop);border-radius:.5rem;font-weight:600}
.said{padding:.5rem .7rem;border-left:.4rem solid var(--done);margin:1rem 0;font-weight:600}
a.map,button{display:block;width:100%;min-height:4rem;margin:.7rem 0;padding:.7rem 1rem;border-radius:.7rem;font:inherit;font-size:1.3rem;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}
a.map{border:2px solid var(--line);color:var(--ink);min-height:3.2rem;font-size:1.1rem;margin-bottom:1.6rem}
button{border:2px solid var(--go);background:none;color:var(--ink)}
button.next{background:var(--go);color:#fff}
button.no{margin-top:2rem;border-color:var(--stop);color:var(--stop)}
button:disabled{border-color:var(--line);color:var(--soft);cursor:default}
:focus-visible{outline:4px solid #f2a600;outline-offset:3px}
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A task as its page shows it; `said` holds local times, `over` that it has ended by another way."""

    task_code: str
    priority: str
    type_label: str
    address: str
    map: str
    unit_name: str
    confidential: bool
    said: Mapping[UnitStatus, str]
    over: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing more can be said."""
        return self.over or bool(ENDING & self.said.keys())


def task(shown: Shown) -> str:
    """The page of a task."""
    parts = [
        f'<h1>#{escape(shown.task_code)} <span class="{_css(shown.priority)}">{escape(shown.priority)}</span></h1>'
    ]
    if shown.type_label:
        parts.append(f'<p class="type">{escape(shown.type_label)}</p>')
    # Whoever finds the message afterwards has no need to know where it was.
    if shown.address and not shown.ended:
        parts.append(f'<p class="where">{escape(shown.address)}</p>')
    if shown.confidential and not shown.ended:
        parts.append('<p class="quiet">Gunakan pendekatan senyap.</p>')
    if shown.map and not shown.ended:
        parts.append(f'<a class="map" href="https://{escape(shown.map)}" rel="noreferrer">Buka peta</a>')
    parts += [f'<p class="said">Pukul {at}: {SAID[status]}</p>' for status, at in _in_order(shown.said)]
    if shown.ended:
        parts.append(
            f'<p role="status">Tugas ini sudah berakhir.{"" if shown.said else " Tidak perlu dijawab lagi."}</p>'
        )
    else:
        parts.append(_buttons(shown))
    hint = "" if shown.ended else " Jika laman ini macet, balas SMS tugas."
    if shown.unit_name or hint:
        whose = f"Untuk {escape(shown.unit_name)}." if shown.unit_name else ""
        parts.append(f'<p class="soft">{whose}{hint}</p>')
    return _page(f"Tugas #{shown.task_code}", "\n".join(parts))


def notice(title: str, text: str) -> str:
    """A page that says why there is no task to see."""
    return _page(title, f"<h1>{escape(title)}</h1>\n<p>{escape(text)}</p>")


def _buttons(shown: Shown) -> str:
    following = next((status for status in BUTTONS if status not in shown.said), None)
    rows = []
    for status, (digit, label) in BUTTONS.items():
        style = "no" if status is UnitStatus.DECLINED else "next" if status is following else "later"
        done = " disabled" if status in shown.said else ""
        mark = "✓ " if done else ""
        rows.append(
            f'<button class="{style}" name="status" value="{status}" accesskey="{digit}"{done}>{mark}{label}</button>'
        )
    return '<form method="post">\n' + "\n".join(rows) + "\n</form>"


def _in_order(said: Mapping[UnitStatus, str]) -> list[tuple[UnitStatus, str]]:
    return [(status, said[status]) for status in BUTTONS if status in said]


def _css(priority: str) -> str:
    return priority if priority.isalnum() else ""


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="id">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title><style>{_STYLE}</style></head>\n'
        f"<body><main>\n{body}\n</main></body>\n</html>\n"
    )
