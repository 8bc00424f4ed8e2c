"""Where records come in: the `raw` stream."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from components.at_rest import AtRest
from components.stream import RecordStream
from config.model import Environment


class IngestionStack(Stack):
    """Exposes `raw`: every record as the producer sent it."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment, at_rest: AtRest) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Weir: the stream producers write to",
            termination_protection=environment.removal.deletion_protection,
        )
        self.raw = RecordStream(
            self, "Raw", name=f"weir-{environment.name}-raw", settings=environment.streams.raw, at_rest=at_rest
        )
        CfnOutput(self, "RawStream", value=self.raw.name)
