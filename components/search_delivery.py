"""The Firehose stream publishers write to without a data stream, delivered to the search domain."""

from __future__ import annotations

from constructs import Construct

from components.at_rest import AtRest
from components.bucket import DataBucket
from components.delivery import processing
from components.destinations.buffering import Buffer
from components.destinations.delivery_stream import DeliveryStream
from components.destinations.destination import Backup
from components.destinations.search_domain import SearchDomainDestination
from components.function import PipelineFunction
from components.network import PrivateNetwork
from components.search_domain import SearchDomain
from config.model import Delivery

#: Family of the indices; Firehose appends `-yyyy-MM-dd` of the arrival.
INDEX = "logs-direct-put"


class DirectPutDelivery(DeliveryStream):
    """Direct PUT → processor → search domain; what the domain refuses goes to the quarantine bucket."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        processor: PipelineFunction,
        domain: SearchDomain,
        quarantine: DataBucket,
        settings: Delivery,
        network: PrivateNetwork | None,
        at_rest: AtRest,
    ) -> None:
        """`name` is the physical name; refused documents are kept under `direct-put/<error type>/…`."""
        super().__init__(
            scope,
            construct_id,
            name=name,
            source=None,
            processor=processing(processor, settings),
            destination=SearchDomainDestination(
                domain=domain,
                index=INDEX,
                buffer=Buffer(seconds=settings.buffer_seconds, mib=settings.buffer_mib),
                backup=Backup(bucket=quarantine, folder="direct-put"),
                network=network,
            ),
            at_rest=at_rest,
        )
