"""The classifier's stage over call events alone, as a process (`python -m siaga_cli.bench.classifier_stage`)."""

from siaga_classifier.adapters.call_store import CallStore
from siaga_classifier.assembly import CallAssembly
from siaga_classifier.tenants import TenantViews
from siaga_contracts import catalogue
from siaga_kit import service
from siaga_kit.service import Runtime
from siaga_kit.stage import Stage
from siaga_tenants import load_tenants


async def start(runtime: Runtime) -> None:
    """Start that stage as the classifier does, and nothing beside it."""
    views = TenantViews(load_tenants(runtime.settings.tenants_dir))
    stage = Stage(
        service=runtime.service,
        group="siaga.classifier.calls",
        topics=[catalogue.CALL_EVENTS],
        processor=CallAssembly(CallStore(runtime.redis()), views.of),
        runtime=runtime,
    )
    runtime.spawn("calls", stage.run())


if __name__ == "__main__":
    service.run("classifier", start)
