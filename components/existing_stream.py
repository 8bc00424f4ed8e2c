"""A data stream of elsewhere in the account that a function of the pipeline writes to."""

from __future__ import annotations

from typing import cast

from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from components.function import PipelineFunction
from components.stream import allow_writing
from config.model import ExistingStream as Settings

#: Metadata of the function: the key of the stream, which nothing else tells.
KEY = "weir:key"


class ExistingStream(Construct):
    """The stream, and the right to write to it. Nothing of it is changed; its key's policy must leave its use to IAM."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.arn = settings.arn
        self._key = kms.Key.from_key_arn(self, "Key", settings.key) if settings.key else None

    def let_write(self, function: PipelineFunction) -> None:
        """Lets the function put records in batches."""
        allow_writing(function.role, self.arn, self._key)
        if self._key:
            cast(lambda_.CfnFunction, function.function.node.default_child).add_metadata(KEY, self._key.key_arn)
