"""The streams as tables, and the notebook in which people ask them."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from components.at_rest import AtRest
from components.bucket import DataBucket
from components.stream import RecordStream
from components.studio_notebook import StudioNotebook
from components.studio_tables import StudioTables
from config.model import Environment


class StudioStack(Stack):
    """Exposes `notebook`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        at_rest: AtRest,
        streams: Mapping[str, RecordStream],
        bucket: DataBucket,
    ) -> None:
        """`streams` are those that are tables, by the names of these."""
        super().__init__(
            scope,
            construct_id,
            description="Weir: the streams as tables, and a Studio notebook",
            termination_protection=environment.removal.deletion_protection,
        )
        settings = environment.analytics.studio
        tables = StudioTables(
            self, "Streams", database=f"weir_{environment.name}_studio", streams=streams, position=settings.position
        )
        self.notebook = StudioNotebook(
            self,
            "Notebook",
            name=f"weir-{environment.name}-studio",
            settings=settings,
            streams=streams,
            tables=tables,
            bucket=bucket,
            at_rest=at_rest,
        )
        CfnOutput(self, "StudioNotebook", value=self.notebook.application.ref)
        CfnOutput(self, "StudioNotes", value=self.notebook.notes_url)
