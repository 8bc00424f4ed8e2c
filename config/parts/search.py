"""The OpenSearch domain and the indices in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from config.parts.base import OPENSEARCH, WHOLE, Model, Text
from config.parts.functions import ReportConsumer, RouteConsumer
from config.problem import Problem

InstanceType = Annotated[str, Text(r"[a-z0-9]+\.[a-z0-9]+\.search", "an OpenSearch instance type, such as r7g.large.search")]

_GENERAL = {"large": 1_024, "xlarge": 2_048, "2xlarge": 3_072, "4xlarge": 6_144, "8xlarge": 12_288, "12xlarge": 18_432}
_MEMORY = {"large": 2_048, "xlarge": 3_072, "2xlarge": 6_144, "4xlarge": 12_288, "8xlarge": 16_384, "12xlarge": 24_576}
_COMPUTE = {"large": 256, "xlarge": 512, "2xlarge": 1_024, "4xlarge": 1_536}
#: Largest gp3 volume of a node by instance type, in GiB, for the types whose figure was read on the quotas page; for others the
#: service decides.
GP3_GIB: dict[str, dict[str, int]] = {
    "t3": {"small": 100, "medium": 200},
    "m5": _GENERAL,
    "m6g": _GENERAL,
    "r5": _MEMORY,
    "r6g": _MEMORY,
    "c5": _COMPUTE,
    "c6g": _COMPUTE,
}
_NO_VOLUME = "has its own disks and takes no EBS volume"
_NO_ENCRYPTION = "cannot encrypt data at rest"
#: Families that cannot be Weir's data nodes, which are encrypted and on gp3 (aws-cdk-lib's domain refuses the same).
UNFIT = {
    **dict.fromkeys(("i3", "i4g", "i4i", "i7i", "i8g", "im4gn", "r6gd", "r7gd"), _NO_VOLUME),
    **dict.fromkeys(("m3", "r3", "t2"), _NO_ENCRYPTION),
}
#: T3 nodes serve domains up to this size.
MOST_NODES_WITH_T3 = 10


class Search(Model):
    """The OpenSearch domain."""

    version: Literal["OpenSearch_2.19", "OpenSearch_3.1", "OpenSearch_3.3", "OpenSearch_3.5", "OpenSearch_3.7"] = "OpenSearch_3.3"
    """Engine version of the managed domain."""
    data_nodes: Annotated[int, Field(ge=1, le=1_002), OPENSEARCH] = 3
    """Data nodes, a multiple of `availability_zones`. More than 80 need a raised quota."""
    data_instance: InstanceType = "r7g.large.search"
    """Instance type of a data node."""
    manager_nodes: Annotated[Literal[0, 3, 5], WHOLE] = 3
    """Dedicated cluster managers; 0 only where an outage of minutes is acceptable."""
    manager_instance: InstanceType = "m7g.large.search"
    """Instance type of a cluster manager."""
    availability_zones: Annotated[Literal[1, 2, 3], WHOLE] = 3
    """Zones the data nodes are spread over."""
    volume_gib: Annotated[int, Field(ge=10, le=24_576), OPENSEARCH] = 200
    """gp3 volume of a data node, in GiB: source bytes a day × days × (1 + replicas) × 1.45 / nodes ("Sizing domains")."""
    fine_grained_access: bool = True
    """Roles inside OpenSearch, mapped from IAM roles. Off only where the engine lacks the security plugin."""
    index_shards: int = Field(default=1, ge=1, le=1_024)
    """Primary shards of an index: for 30 to 50 GiB each."""
    index_replicas: int = Field(default=1, ge=0, le=5)
    """Copies of each shard on other nodes."""
    refresh_seconds: int = Field(default=1, ge=1, le=60)
    """How long an indexed document may wait to be found, in seconds."""
    segments_per_tier: int = Field(default=30, ge=2, le=100)
    """Segments of about one size that an index has before they are merged. More of them cost a search time, and save the CPU of
    merging, which is a quarter of indexing's with OpenSearch's own 10: it merges up to 30 at once."""
    retention_days: int = Field(default=30, ge=1, le=3_650)
    """Age at which an index is deleted, in days."""
    route: RouteConsumer = RouteConsumer()
    """The function that writes `events` to the index families."""
    report: ReportConsumer = ReportConsumer()
    """The function that writes `errors` to its index."""

    def conflicts(self) -> Iterator[Problem]:
        yield from self._nodes()
        yield from self._instances()

    def _nodes(self) -> Iterator[Problem]:
        nodes, zones = self.data_nodes, self.availability_zones
        if nodes % zones:
            # Over two zones the service refuses an odd number; over three it would fill them unevenly ("Multi-AZ domain").
            yield Problem(
                ("data_nodes",),
                f"{nodes} do not spread evenly over {zones} availability zones; "
                f"set it to {nodes + zones - nodes % zones}, or change `availability_zones`",
            )
        if self.index_replicas >= nodes:
            yield Problem(
                ("index_replicas",),
                f"{self.index_replicas} needs {self.index_replicas + 1} data nodes, there are {nodes}; "
                f"set it to {nodes - 1}, or raise `data_nodes`",
            )
        if zones > 1 and self.index_replicas == 0:
            yield Problem(
                ("index_replicas",), "with 0 the loss of a zone loses data; set it to 1 or more, or `availability_zones: 1`"
            )

    def _instances(self) -> Iterator[Problem]:
        family, size, _ = self.data_instance.split(".")
        if family in UNFIT:
            yield Problem(("data_instance",), f"{self.data_instance} {UNFIT[family]}; take an r7g, r6g, m7g or m6g type")
        most = GP3_GIB.get(family, {}).get(size)
        if most is not None and self.volume_gib > most:
            yield Problem(
                ("volume_gib",),
                f"{self.volume_gib} is above the maximum of {most} for {self.data_instance} ({OPENSEARCH.title}); "
                f"set it to {most} or less, or take more or larger nodes",
            )
        if self.data_nodes > MOST_NODES_WITH_T3:
            for key in ("data_instance", "manager_instance") if self.manager_nodes else ("data_instance",):
                if getattr(self, key).startswith("t3."):
                    yield Problem(
                        (key,),
                        f"T3 serves up to {MOST_NODES_WITH_T3} data nodes, there are {self.data_nodes} ({OPENSEARCH.title}); "
                        "take an m7g or r7g type",
                    )
