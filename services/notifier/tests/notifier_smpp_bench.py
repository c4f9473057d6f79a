"""How fast the SMPP channel alone is: `python services/notifier/tests/notifier_smpp_bench.py [smpp34|jsmpp]`."""

import asyncio
import logging
import sys
import time
from pathlib import Path
from typing import Final

import structlog

sys.path.insert(0, str(Path(__file__).parent))

from notifier_samples import order
from notifier_smsc import until
from siaga_kit.settings import SmppSettings
from siaga_notifier.adapters import codec
from siaga_notifier.adapters.smpp.centre import SmsCentre
from siaga_notifier.core.model import Attempt
from siaga_notifier.core.outcomes import Accepted
from sms_conformance.peer import Heard
from sms_conformance.smpp_peers import Jsmpp, Smpp34

PEERS: Final[dict[str, Smpp34 | Jsmpp]] = {"smpp34": Smpp34(), "jsmpp": Jsmpp()}
MESSAGES: Final = 5_000
TEXT: Final = "#114 P1 Kebakaran ruko: Jl. Raya Serang 5, Kasemen HP 0254112112 1 jalan 2 tiba 3 selesai 0 tolak"


async def measure(peer: Smpp34 | Jsmpp) -> str:
    """SMS a second with a full window, and what each costs this process."""
    heard = Heard()
    async with peer.started() as port:
        centre = SmsCentre(SmppSettings(port=port), heard.receipt, heard.message)
        running = asyncio.create_task(centre.run())
        await until(lambda: centre.trouble() is None)
        about, numbers, waits_s = codec.order(order()), iter(range(MESSAGES)), []

        async def send() -> None:
            for number in numbers:
                began = time.perf_counter()
                answer = await centre.send(Attempt(f"a-{number}", "sms", f"+62811{number:08}", 1, TEXT, about))
                assert isinstance(answer, Accepted)
                waits_s.append(time.perf_counter() - began)

        cpu_s, began = time.process_time(), time.perf_counter()
        await asyncio.gather(*(send() for _ in range(SmppSettings().window)))
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_s
        running.cancel()
        await asyncio.wait({running})
    waits_s.sort()
    p50, p99 = (waits_s[int(MESSAGES * share)] * 1000 for share in (0.5, 0.99))
    each = f"{cpu_s / MESSAGES * 1e6:.0f} µs CPU each, answered after {p50:.1f} ms (p50), {p99:.1f} ms (p99)"
    return f"{MESSAGES / took_s:,.0f} SMS/s, {each}; {len(heard.receipts)} receipts meanwhile"


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for name in sys.argv[1:] or PEERS:
        sys.stdout.write(f"{name}: {asyncio.run(measure(PEERS[name]))}\n")
