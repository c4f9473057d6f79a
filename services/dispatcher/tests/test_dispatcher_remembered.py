"""Which alerts of the topic are the dispatcher's to go on with after its state was lost."""

from siaga.v1.alert_pb2 import Alert
from siaga_contracts.alerts import CALL_CREW
from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.remembered import Memory


def test_what_the_notifier_raises_it_clears_itself() -> None:
    topics = Topics()
    memory = Memory(["36.73"], topics, 0)
    for name, kind in (("a", CALL_CREW), ("b", "unacknowledged")):
        alert = Alert(alert_id=name, tenant="36.73", kind=kind, version=1)
        memory.take(topics.alerts.name, alert.SerializeToString(), 0)
    assert list(memory.of["36.73"].alerts) == ["b"]
