"""From resources to edges: what reads, writes, calls and delivers to what, and what each of these needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from topology import needs as uses
from topology.applications import APPLICATION, application_edges
from topology.assembly import Assembly, AssemblyError, Resource
from topology.delivery import (
    Delivery,
    bucket_needs,
    collection_needs,
    column_needs,
    credential_needs,
    domain_needs,
    folder_of,
    outside,
    read_delivery,
    read_location,
    source_backup_needs,
    table_needs,
)
from topology.encryption import key_of
from topology.existing_streams import existing_stream_edges
from topology.model import Edge, Kind, Need, Node, Verb, unique
from topology.notebooks import notebook_edges, stream_of
from topology.told_buckets import ToldBucket, told_buckets
from topology.use import Use, needs

KINDS: Mapping[str, Kind] = {
    "AWS::Kinesis::Stream": "stream",
    "AWS::Lambda::Function": "function",
    "AWS::KinesisFirehose::DeliveryStream": "delivery",
    APPLICATION: "application",
    "AWS::S3::Bucket": "bucket",
    "AWS::OpenSearchService::Domain": "domain",
    "AWS::OpenSearchServerless::Collection": "collection",
    "AWS::DynamoDB::Table": "table",
    "AWS::Glue::Database": "catalog",
    "AWS::Athena::WorkGroup": "workgroup",
    "AWS::SNS::Topic": "topic",
    "AWS::SQS::Queue": "queue",
}
#: What a function does with a resource that one of its environment variables names.
_VARIABLE_USES: Mapping[str, tuple[Verb, Use]] = {
    "AWS::Kinesis::Stream": ("writes", uses.PUT_RECORDS),
    "AWS::OpenSearchService::Domain": ("indexes", uses.INDEX_DOCUMENTS),
    "AWS::S3::Bucket": ("stores", uses.STORE_OVERSIZED),
    "AWS::SQS::Queue": ("writes", uses.SEND_MESSAGES),
}
#: What a function reads that the variable names.
_READ_VARIABLES: Mapping[str, Use] = {"LOOKUPS_BUCKET": uses.READ_LOOKUP, "MASTER_DATA_TABLE": uses.READ_MASTER_DATA}
#: Metadata of a function that name the objects it reads (components/finishing.py).
_LOOKUP_FILES = "weir:lookup-files"
#: The step whose streams are open to producers.
_FRONT = "ingestion"

PRODUCERS = Node("producers", "producers", step="", path="")
DEPLOYMENT = Node("deployment", "cloudformation", step="", path="")
ALARMS = Node("alarms", "alarms", step="", path="")
OUTSIDE = (PRODUCERS, DEPLOYMENT, ALARMS)


def outside_bucket(told: ToldBucket) -> Node:
    """A bucket that is not of the stacks."""
    return Node("bucket", told.bucket.name, step="", path="")


def outside_function(assembly: Assembly, mapping: Resource) -> Node | None:
    """The function a mapping calls, where it is not of the stacks."""
    name = assembly.properties(mapping)["FunctionName"]
    if assembly.find(name, "AWS::Lambda::Function"):
        return None
    return Node("function", name.rpartition(":")[2], step="", path="")


@dataclass(frozen=True)
class Reader:
    """Reads the edges of an assembly whose nodes are known by their ARN."""

    assembly: Assembly
    nodes: Mapping[str, Node]

    def edges(self) -> Iterator[Edge]:
        """Raises AssemblyError for a transfer whose needs are not in the table."""
        yield from self._produced()
        for delivery in self.assembly.of_type("AWS::KinesisFirehose::DeliveryStream"):
            yield from self._delivered(delivery)
        for mapping in self.assembly.of_type("AWS::Lambda::EventSourceMapping"):
            yield from self._polled(mapping)
        applying = {function.arn: function for function in self._deployed()}
        for function in applying.values():
            yield Edge(DEPLOYMENT.key, self._key(function), "calls")
        for function in self.assembly.of_type("AWS::Lambda::Function"):
            yield from self._written(function, applies_content=function.arn in applying)
            yield from existing_stream_edges(self.assembly, function, self._key(function))
        yield from application_edges(self.assembly, self.nodes)
        yield from notebook_edges(self.assembly, self.nodes)
        for bucket in self.assembly.of_type("AWS::S3::Bucket"):
            yield from self._access_logged(bucket)
            yield from self._notified(bucket)
        yield from self._tabulated()
        yield from self._asked()
        yield from self._alarmed()

    def _key(self, resource: Resource) -> str:
        return self.nodes[resource.arn].key

    def _find(self, value: object, where: Resource, what: str, *types: str) -> Resource:
        found = self.assembly.find(value, *types)
        if found is None:
            raise AssemblyError(f"{where.stack}/{where.id}: its {what} {value} is not in the assembly, or not one known here")
        return found

    def _produced(self) -> Iterator[Edge]:
        for stream in self.assembly.of_type("AWS::Kinesis::Stream"):
            if stream.step == _FRONT:
                yield Edge(PRODUCERS.key, self._key(stream), "writes")

    def _polled(self, mapping: Resource) -> Iterator[Edge]:
        properties = self.assembly.properties(mapping)
        if properties.get("Enabled") is False:
            return
        source = properties["EventSourceArn"]
        stream = self._find(source, mapping, "event source", "AWS::Kinesis::Stream", "AWS::SQS::Queue")
        destination = properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        failure = self._find(destination, mapping, "failure destination", "AWS::S3::Bucket") if destination else None
        kept_by = self._key(failure) if failure else None
        if subscriber := outside_function(self.assembly, mapping):
            # Whose role the stacks add to, and which is not in them: what else it may do is not known here.
            yield Edge(self._key(stream), subscriber.key, "reads", asynchronous=True, failure=kept_by)
            return
        function = self._find(properties["FunctionName"], mapping, "function", "AWS::Lambda::Function")
        role = self.assembly.properties(function)["Role"]
        if stream.type == "AWS::SQS::Queue":
            yield from self._dequeued(stream, function, role)
            return
        polled = needs(uses.POLL_STREAM, role, stream, key=key_of(self.assembly, stream))
        yield Edge(self._key(stream), self._key(function), "reads", polled, asynchronous=True, failure=kept_by)
        if failure:
            kept = needs(uses.KEEP_FAILED_BATCH, role, failure, key=key_of(self.assembly, failure))
            yield Edge(self._key(function), self._key(failure), "fails to", kept)

    def _dequeued(self, queue: Resource, function: Resource, role: str) -> Iterator[Edge]:
        """A function that reads a queue, and the objects of the buckets that notify it."""
        redrive = self.assembly.properties(queue).get("RedrivePolicy", {}).get("deadLetterTargetArn")
        failure = self._find(redrive, queue, "dead-letter queue", "AWS::SQS::Queue") if redrive else None
        polled = needs(uses.POLL_QUEUE, role, queue, key=key_of(self.assembly, queue))
        kept_by = self._key(failure) if failure else None
        yield Edge(self._key(queue), self._key(function), "reads", polled, asynchronous=True, failure=kept_by)
        if failure:
            yield Edge(self._key(queue), self._key(failure), "fails to")
        for bucket in self.assembly.of_type("AWS::S3::Bucket"):
            if any(told.arn == queue.arn for told in self._told(bucket)):
                read = needs(uses.READ_OBJECTS, role, bucket, key=key_of(self.assembly, bucket), prefix="")
                yield Edge(self._key(bucket), self._key(function), "reads", read)

        for told in told_buckets(self.assembly):
            if told.queue == queue.arn:
                yield from self._told_of(told, queue, function, role)

    def _told_of(self, told: ToldBucket, queue: Resource, function: Resource, role: str) -> Iterator[Edge]:
        key = outside_bucket(told).key
        yield Edge(PRODUCERS.key, key, "writes")
        context = {"aws:SourceArn": told.source}
        notified = needs(uses.NOTIFY_QUEUE, told.service, queue, key=key_of(self.assembly, queue), context=context)
        yield Edge(key, self._key(queue), "notifies", notified)
        if told.dead_letters:
            dead = self._find(told.dead_letters, queue, "dead-letter queue", "AWS::SQS::Queue")
            kept = needs(uses.NOTIFY_QUEUE, told.service, dead, key=key_of(self.assembly, dead), context=context)
            yield Edge(key, self._key(dead), "fails to", kept)
        read = needs(uses.READ_OBJECTS, role, told.bucket, prefix=told.prefix)
        if told.key:
            read += needs(uses.DECRYPT_OBJECTS, role, told.bucket, key_arn=told.key)
        yield Edge(key, self._key(function), "reads", read)

    def _told(self, bucket: Resource) -> Iterator[Resource]:
        """The queues a bucket notifies."""
        configured = self.assembly.properties(bucket).get("NotificationConfiguration", {})
        for entry in configured.get("QueueConfigurations", []):
            yield self._find(entry["Queue"], bucket, "notified queue", "AWS::SQS::Queue")

    def _notified(self, bucket: Resource) -> Iterator[Edge]:
        for queue in self._told(bucket):
            yield Edge(PRODUCERS.key, self._key(bucket), "writes")
            context = {"aws:SourceArn": bucket.arn}
            key = key_of(self.assembly, queue)
            found = needs(uses.NOTIFY_QUEUE, "s3.amazonaws.com", queue, key=key, context=context)
            yield Edge(self._key(bucket), self._key(queue), "notifies", found)

    def _delivered(self, resource: Resource) -> Iterator[Edge]:
        delivery = read_delivery(self.assembly, resource)
        own = self._key(resource)
        if delivery.source:
            source = self._find(delivery.source["KinesisStreamARN"], resource, "source", "AWS::Kinesis::Stream")
            key = key_of(self.assembly, source)
            read = needs(uses.DELIVER_FROM_STREAM, delivery.source["RoleARN"], source, key=key)
            yield Edge(self._key(source), own, "reads", read)
        else:
            yield Edge(PRODUCERS.key, own, "writes")
        for arn in delivery.processors:
            function = self._find(arn, resource, "processor", "AWS::Lambda::Function")
            yield Edge(own, self._key(function), "calls", needs(uses.PROCESS, delivery.role, function))
        if delivery.columns:
            catalog = self._find(delivery.columns["DatabaseName"], resource, "database", "AWS::Glue::Database")
            yield Edge(own, self._key(catalog), "converts by", column_needs(delivery))
        bucket = self._find(delivery.bucket["BucketARN"], resource, "bucket", "AWS::S3::Bucket")
        kept = bucket_needs(self.assembly, delivery, bucket)
        failure = None if delivery.failure_prefix is None else self._key(bucket)
        for target, detail, found in self._received(delivery, bucket, kept):
            yield Edge(own, target, "delivers", found, detail, asynchronous=True, failure=failure)
        if delivery.receiver != "bucket":
            yield Edge(
                own, self._key(bucket), "stages in" if delivery.receiver == "cluster" else "fails to", kept, delivery.prefix
            )
        if delivery.source_backup:
            backup = self._find(delivery.source_backup["BucketARN"], resource, "backup bucket", "AWS::S3::Bucket")
            yield Edge(own, self._key(backup), "backs up", source_backup_needs(self.assembly, delivery, backup))

    def _received(
        self, delivery: Delivery, bucket: Resource, kept: tuple[Need, ...]
    ) -> Iterator[tuple[str, str, tuple[Need, ...]]]:
        """(the node that receives the records, where in it, what that needs)."""
        resource, destination = delivery.resource, delivery.destination
        match delivery.receiver:
            case "bucket":
                yield self._key(bucket), folder_of(delivery.prefix), kept
            case "domain":
                domain = self._find(destination["DomainARN"], resource, "domain", "AWS::OpenSearchService::Domain")
                yield self._key(domain), destination["IndexName"], domain_needs(delivery, domain)
            case "collection":
                endpoint, kind = destination["CollectionEndpoint"], "AWS::OpenSearchServerless::Collection"
                collection = self._find(endpoint, resource, "collection", kind)
                yield self._key(collection), destination["IndexName"], collection_needs(delivery, collection)
            case "tables":
                for warehouse, table, found in table_needs(self.assembly, delivery):
                    yield self._key(warehouse), table, found
            case "cluster" | "endpoint":
                receiver = outside(delivery)
                if receiver:
                    detail = destination["CopyCommand"]["DataTableName"] if delivery.receiver == "cluster" else ""
                    yield receiver.key, detail, credential_needs(self.assembly, delivery)

    def _deployed(self) -> Iterator[Resource]:
        """The functions CloudFormation calls: those behind custom resources."""
        for resource in self.assembly.resources.values():
            if resource.type.startswith(("Custom::", "AWS::CloudFormation::CustomResource")):
                token = self.assembly.properties(resource)["ServiceToken"]
                yield self._find(token, resource, "function", "AWS::Lambda::Function")

    def _written(self, function: Resource, *, applies_content: bool) -> Iterator[Edge]:
        properties = self.assembly.properties(function)
        seen: set[str] = set()
        for variable, value in sorted(properties.get("Environment", {}).get("Variables", {}).items()):
            used = self.assembly.find(value, *KINDS)
            if used is None or used.arn in seen:
                continue
            seen.add(used.arn)
            if variable in _READ_VARIABLES:
                yield Edge(self._key(used), self._key(function), "reads", self._read(_READ_VARIABLES[variable], function, used))
                continue
            if used.type not in _VARIABLE_USES:
                where = f"{function.stack}/{function.id}"
                raise AssemblyError(f"{where}: what it does with {variable} ({used.type}) is not known; add it to edges.py")
            role = properties["Role"]
            if applies_content and used.type == "AWS::OpenSearchService::Domain":
                yield Edge(self._key(function), self._key(used), "applies", self._content_needs(role, used))
                continue
            verb, use = _VARIABLE_USES[used.type]
            key = key_of(self.assembly, used) if use.key_actions else None
            yield Edge(self._key(function), self._key(used), verb, needs(use, role, used, key=key))

    def _read(self, use: Use, function: Resource, used: Resource) -> tuple[Need, ...]:
        """Of a table all of it, of a bucket the objects that the function's metadata name."""
        role, key = self.assembly.properties(function)["Role"], key_of(self.assembly, used)
        if used.type != "AWS::S3::Bucket":
            return needs(use, role, used, key=key)
        body = self.assembly.stacks[function.stack].template["Resources"][function.id]
        files = body.get("Metadata", {}).get(_LOOKUP_FILES, [])
        return unique(need for file in files for need in needs(use, role, used, key=key, object=file))

    def _content_needs(self, role: str, domain: Resource) -> tuple[Need, ...]:
        options = self.assembly.properties(domain).get("AdvancedSecurityOptions", {})
        roles = needs(uses.APPLY_ROLES, role, domain) if options.get("Enabled") else ()
        return needs(uses.APPLY_TEMPLATES, role, domain) + roles

    def _access_logged(self, bucket: Resource) -> Iterator[Edge]:
        logging = self.assembly.properties(bucket).get("LoggingConfiguration", {})
        if "DestinationBucketName" not in logging:
            return
        target = self._find(logging["DestinationBucketName"], bucket, "access log bucket", "AWS::S3::Bucket")
        prefix = logging.get("LogFilePrefix", "")
        context = {"aws:SourceArn": bucket.arn}
        found = needs(uses.DELIVER_ACCESS_LOGS, "logging.s3.amazonaws.com", target, context=context, prefix=prefix)
        yield Edge(self._key(bucket), self._key(target), "logs to", found, prefix)

    def _tabulated(self) -> Iterator[Edge]:
        """A bucket whose files tables are over, or a stream, and the database of these. Whoever asks reads both as who they
        are."""
        counts: dict[tuple[str, str], int] = {}
        for table in self.assembly.of_type("AWS::Glue::Table"):
            properties = self.assembly.properties(table)
            catalog = self._find(properties["DatabaseName"], table, "database", "AWS::Glue::Database")
            holder = stream_of(self.assembly, table)
            if holder is None:
                location = properties["TableInput"].get("StorageDescriptor", {}).get("Location", "")
                holder, _ = read_location(self.assembly, location, f"{table.stack}/{table.id}: the table")
            between = self._key(holder), self._key(catalog)
            counts[between] = counts.get(between, 0) + 1
        for (holder_key, catalog_key), count in counts.items():
            yield Edge(holder_key, catalog_key, "holds", detail=f"{count} table{'s' if count > 1 else ''}")

    def _asked(self) -> Iterator[Edge]:
        """A database, and the workgroup whose named queries ask it."""
        counts: dict[tuple[str, str], int] = {}
        for query in self.assembly.of_type("AWS::Athena::NamedQuery"):
            properties = self.assembly.properties(query)
            catalog = self._find(properties["Database"], query, "database", "AWS::Glue::Database")
            workgroup = self._find(properties["WorkGroup"], query, "workgroup", "AWS::Athena::WorkGroup")
            between = self._key(catalog), self._key(workgroup)
            counts[between] = counts.get(between, 0) + 1
        for (catalog_key, workgroup_key), count in counts.items():
            yield Edge(catalog_key, workgroup_key, "answers", detail=f"{count} queries")

    def _alarmed(self) -> Iterator[Edge]:
        counts: dict[str, tuple[Resource, int]] = {}
        for alarm in self.assembly.of_type("AWS::CloudWatch::Alarm"):
            for action in self.assembly.properties(alarm).get("AlarmActions", []):
                topic = self._find(action, alarm, "action", "AWS::SNS::Topic")
                counts[topic.arn] = (topic, counts.get(topic.arn, (topic, 0))[1] + 1)
        for topic, count in counts.values():
            context = {"aws:SourceArn": f"arn:aws:cloudwatch:{topic.region}:{topic.account}:alarm:*"}
            key = key_of(self.assembly, topic)
            found = needs(uses.PUBLISH_ALARM, "cloudwatch.amazonaws.com", topic, key=key, context=context)
            yield Edge(ALARMS.key, self._key(topic), "notifies", found, f"{count} alarms")
