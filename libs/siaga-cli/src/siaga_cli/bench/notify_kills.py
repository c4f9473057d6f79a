"""A thousand notifications while the notifier is killed again and again and the SMS centre drops its lines."""

import asyncio
import random
import time
from collections import Counter
from typing import Any, Final

from siaga_kit.embedded.stack import Stack

from siaga_cli.bench import Figure, Report
from siaga_cli.bench.notify_orders import ask, at_pace, phone, publishing, until_taken

NOTIFICATIONS: Final = 1_000
KILLS: Final = 20
PACE_S: Final = 40
# At these numbers' messages the centre leaves, or takes the message and never answers: two of a hundred.
FAULTS: Final = {"77": "unbind", "33": "silent"}
# Messages without an answer are known to be lost after ten seconds, and the last retry's pause is fifteen.
WITHIN_S: Final = 180.0
REPEAT: Final = "ULANG "


def killed(stack: Stack) -> Report:
    """Everybody gets the alarm once, or more than once where the others say that they are repeats."""
    ask(f"{stack.addresses.smsc_control_url}/faults", {"suffix": FAULTS})
    asyncio.run(_through_kills(stack))
    ask(f"{stack.addresses.smsc_control_url}/faults", {"suffix": {}})
    everybody = {phone(number) for number in range(1, NOTIFICATIONS + 1)}
    try:
        found = until_taken(stack.addresses, lambda taken: everybody <= {sms["to"] for sms in taken}, WITHIN_S)
    except TimeoutError:
        found = until_taken(stack.addresses, lambda _: True, 1)
    lost = len(everybody - {sms["to"] for sms in found})
    repeats, unmarked = _repeats(found)
    return Report(
        (
            Figure(f"{NOTIFICATIONS:,} notifications, kill -9 {KILLS} times: recipients without an SMS", "0", str(lost), lost == 0),
            Figure("second alarms that do not read as repeats", "0", str(unmarked), unmarked == 0),
            Figure("repeats, marked ULANG", "", str(repeats)),
        ),
        {"kills": {"notifications": NOTIFICATIONS, "kills": KILLS, "lost": lost, "unmarked": unmarked, "repeats": repeats}},
    )  # fmt: skip


async def _through_kills(stack: Stack) -> None:
    async with publishing(stack.addresses) as publisher:
        sending = asyncio.create_task(at_pace(publisher, range(1, NOTIFICATIONS + 1), PACE_S))
        await asyncio.to_thread(_kill_again_and_again, stack)
        await sending


def _kill_again_and_again(stack: Stack) -> None:
    chance = random.Random(112)  # noqa: S311  (the same moments every time)
    for _ in range(KILLS):
        killed = stack.kill("notifier")
        stack.wait_ready("notifier", not_pid=killed)
        # In the middle of something, which is another thing each time.
        time.sleep(chance.uniform(0.1, 1.0))


def _repeats(found: list[dict[str, Any]]) -> tuple[int, int]:
    """How many messages read as repeats; how many more than one of a phone do not."""
    marked = sum(sms["text"].startswith(REPEAT) for sms in found)
    plain = Counter(sms["to"] for sms in found if not sms["text"].startswith(REPEAT))
    return marked, sum(count - 1 for count in plain.values())
