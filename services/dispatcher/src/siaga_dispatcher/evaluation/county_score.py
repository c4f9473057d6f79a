"""The figures of a county's calls, as they are written out."""

from typing import Any

from siaga_tenants.model import DispatchPolicy, ResponsePlan

from siaga_dispatcher.evaluation.county_log import CountyLog
from siaga_dispatcher.evaluation.county_replay import RULES, apart, by_type, gather, joining, planned


def evaluate_county_log(log: CountyLog, plan: ResponsePlan, policy: DispatchPolicy) -> dict[str, Any]:
    """What can be said of calls without units: which join, whom the plan sends, what was no call of this county."""
    gathered = gather(log.calls, policy)
    others = [
        DispatchPolicy(join_minutes=minutes, join_distance_m=distance_m)
        for minutes, distance_m in RULES
        if (minutes, distance_m) != (policy.join_minutes, policy.join_distance_m)
    ]
    return {
        "calls": len(log.calls),
        "faults": len(log.faults),
        "types": by_type(log.calls),
        "joining": joining(gathered, policy),
        "kept_apart": apart(gathered, policy),
        "other_rules": [joining(gather(log.calls, rule), rule) for rule in others],
        "agencies": planned(log.calls, plan),
    }
