"""A message that may have arrived by one provider and goes by another: the crew must see that it is the same."""

import pytest
from notifier_samples import order
from siaga.v1.unit_pb2 import Contact
from siaga_notifier.core.model import SMS
from siaga_notifier.core.outcomes import Accepted, Unknown
from test_notifier_engine import Way, World

PHONE = "+6281100000114"


@pytest.mark.parametrize(("same", "starts"), [(True, "#114 P1"), (False, "ULANG #114")])
async def test_a_repeat_by_a_provider_that_knows_keys(same: bool, starts: str) -> None:
    world = World()
    modem = Way(SMS, keyed=True, confirms=True)
    modem.provider_id = "modem"
    first = modem if same else world.phones
    first.answers[PHONE] = Unknown("the line broke")
    world.registry.share([first, modem, world.operators])
    await world.process(order(contacts=(Contact(channel="sms", address=PHONE),)))
    first.answers[PHONE] = Accepted("1")
    first.away = None if same else "not bound"
    await world.after(6)
    last = modem.took[-1]
    assert last.repeat
    assert last.text.startswith(starts)
    assert {one.key for one in first.took} == {last.key}
