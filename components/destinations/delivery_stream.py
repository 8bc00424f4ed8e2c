"""A Firehose stream: from publishers or a data stream, through a function, to one destination."""

from __future__ import annotations

import re

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from components.at_rest import AtRest
from components.destinations.access import DeliveryRole
from components.destinations.destination import DeliveryMetrics, Destination, Wiring
from components.destinations.processing import Processor
from components.destinations.rules import API, Rules
from components.stream import RecordStream

_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")


class DeliveryStream(Construct):
    """Delivers records to its destination, with a role that may do just that, and says in its own log what went wrong."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        destination: Destination,
        source: RecordStream | None,
        processor: Processor | None,
        at_rest: AtRest,
        encryption_key: kms.IKey | None = None,
    ) -> None:
        """`name` is the physical name; `source` None means publishers put records directly, which then wait inside Firehose
        encrypted with `encryption_key` (the environment's key unless another is given).

        Raises DestinationError for what Firehose would refuse.
        """
        super().__init__(scope, construct_id)
        rules = Rules(name)
        rules.require(
            _NAME.fullmatch(name) is not None,
            "name",
            "a name has 1-64 letters, digits, `_`, `.` and `-`; choose another",
            f"{API}/API_CreateDeliveryStream.html",
        )
        rules.require(
            source is None or encryption_key is None,
            "encryption_key",
            "a stream that reads a data stream has no encryption of its own; encrypt the data stream and leave this out",
            f"{API}/API_DeliveryStreamEncryptionConfigurationInput.html",
        )
        if processor:
            processor.check(rules)
        destination.check(rules, processor)
        self.metrics: DeliveryMetrics = destination.metrics
        self.reads_stream = source is not None
        origin = f"from {source.name}" if source else "direct put"
        self._access = DeliveryRole(self, "Access", description=f"{name}: {origin} to {destination.noun}", at_rest=at_rest)
        if source:
            source.grant_read(self.role)
        self.delivery = destination.deploy(
            Wiring(
                scope=self,
                name=name,
                source=source,
                processor=processor,
                encryption_key=None if source else encryption_key or at_rest.key,
                access=self._access,
                at_rest=at_rest,
            )
        )

    @property
    def role(self) -> iam.Role:
        return self._access.role

    @property
    def name(self) -> str:
        return self.delivery.ref
