"""What an environment wants done with finished events: the rules beside this file, and what becomes of them in numbers.

The rules are part of the function's code, as the deployment wrote them: they are of any size, where environment variables have
4 KB, they come and go with the version that knows them, and reading them takes neither a call nor a permission.
"""

from __future__ import annotations

from pathlib import Path

import orjson
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.metrics.metrics import Metrics

from common.finish import Finisher, Selected
from common.settings import NormaliseSettings

RULES = Path(__file__).parent / "rules.json"


def configured_finisher(settings: NormaliseSettings, rules: Path = RULES) -> Finisher | None:
    """The environment's; None where it has no rules."""
    if not rules.exists():
        return None
    # Only here: who configures nothing does not wait for its libraries.
    from common.enrichment.compose import Origins, enrichers, hash_key
    from common.enrichment.files import lookups_client
    from common.enrichment.master_data import dynamodb_client

    shaping, enrichment = (orjson.loads(rules.read_bytes())[name] for name in ("shaping", "enrichment"))
    origins = Origins(
        files=lookups_client,
        bucket=settings.lookups_bucket,
        tables=dynamodb_client,
        table=settings.master_data_table,
        refresh_seconds=enrichment["refresh_seconds"],
    )
    selected = [Selected(section, enricher) for section, enricher in enrichers(enrichment, origins)]
    key = shaping.get("hash_key")
    return Finisher(shaping["rules"], selected, origins.file(key, hash_key) if key else None)


def count_finished(finisher: Finisher, metrics: Metrics) -> None:
    """What was done since the last time, as metrics: in all, by log type, and by enricher."""
    sampled, failures = finisher.sampled_out(), 0
    for log_type, events in sampled.items():
        with single_metric("SampledOutByType", MetricUnit.Count, events) as metric:
            metric.add_dimension("type", log_type)
    for name, counts in finisher.counts():
        failures += counts.failures
        for what, number in counts._asdict().items():
            if number:
                with single_metric(f"Enrichment{what.capitalize()}", MetricUnit.Count, number) as metric:
                    metric.add_dimension("enricher", name)
    metrics.add_metric("SampledOut", MetricUnit.Count, sampled.total())
    metrics.add_metric("EnrichmentFailures", MetricUnit.Count, failures)
