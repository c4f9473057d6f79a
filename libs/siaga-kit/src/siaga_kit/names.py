"""Every name that leaves the process in telemetry, with its meaning; an unlisted one is refused.

No name here may carry a phone number, a text of a call, or a position finer than a kelurahan.
"""

from typing import Final

METRICS: Final = {
    "siaga.stage.records": "records processed, by stage",
    "siaga.stage.dead_letters": "records sent to the dead letters, by stage and reason",
    "siaga.stage.transient": "pauses because something outside was away, by stage and error",
    "siaga.stage.batch_size": "records in one batch, by stage",
    "siaga.stage.latency_ms": "from the broker's timestamp of a batch's oldest record to the commit point, milliseconds",
    "siaga.stage.lag": "records between the position and the end, by stage",
    "siaga.published": "records acknowledged by the broker, by topic",
    "siaga.intake.events": "events taken, by source kind and result",
    "siaga.intake.turned_away": "requests of which nothing was read or taken, by status",
    "siaga.intake.unit_reports": "words of units by trackers, phones and crews' apps, by way in and result",
    "siaga.intake.quarantined": "payloads and parts of them that were not taken and are kept, masked, by result",
    "siaga.intake.spooled": "events waiting in the spool",
    "siaga.intake.spool_share": "how full the spool is, of its bound; from 0.8 on somebody should look",
    "siaga.intake.link_up": "1 = connected to that switch, 0 = away, by tenant, kind and instance",
    "siaga.classifier.missed_real": "real calls of the last days that the machine alone would only have recorded, by tenant",
    "siaga.advice.answers": "routing advice given, by advice and basis",
    "siaga.posture.level": "how hard a centre is pressed: 1 green, 2 yellow, 3 orange, 4 red",
    "siaga.posture.alerts": "callers that began to call far more than people do",
    "siaga.dispatch.drives": "questions to a road network for driving times, by kind of network and result",
    "siaga.dispatch.commits": "atomic commits of dispatch state, by result",
    "siaga.dispatch.fixes": "positions of units, by what became of them",
    "siaga.dispatch.timers": "timers that fired, by kind",
    "siaga.notify.attempts": "messages handed to a channel, by channel, result and provider",
    "siaga.notify.provider_up": "1 = a provider takes messages, 0 = it does not, by channel and provider",
}

# The messaging attributes are still under development upstream, so they stand in one place.
ATTRIBUTES: Final = {
    "messaging.system": "kafka or smpp",
    "messaging.operation.name": "send or process",
    "messaging.operation.type": "send or process",
    "messaging.destination.name": "topic, or sms",
    "messaging.destination.partition.id": "partition",
    "messaging.kafka.offset": "offset",
    "messaging.consumer.group.name": "consumer group",
    "messaging.message.id": "ce_id of the record",
    "siaga.call.id": "the call",
    "siaga.incident.id": "the incident",
    "siaga.order.id": "the order",
    "siaga.tenant": "the centre",
    "siaga.result": "how it ended",
    "http.request.method": "GET, POST",
    "http.route": "path with its parameters' names",
    "http.response.status_code": "status",
    "stage": "stage of a service",
    "topic": "topic",
    "error": "class of the error",
    "kind": "kind of source, channel, event or road network",
    "instance": "a source's name within its centre and kind",
    "result": "how it ended",
    "advice": "routing advice",
    "basis": "why",
    "channel": "sms, mqtt, …",
    "provider": "a way out as the centre calls it, after the centre's code where it is the centre's own",
}
