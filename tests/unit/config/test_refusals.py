"""Every kind of impossible value, and every pair that does not fit, with the whole text of its refusal."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

from common.logtypes import TYPES
from config.loader import load_environment
from config.parts.flow_formats import FIELDS as FLOW_FIELDS
from config.parts.functions import log_types

Refusal = Callable[[str | bytes], str]
DEV = "config/environments/dev.yaml"

#: A function of elsewhere that gets findings.
SIEM = "arn: 'arn:aws:kinesis:eu-central-1:123456789012:stream/siem'"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
CHAT = "arn: 'arn:aws:lambda:eu-central-1:123456789012:function:chat', role: 'arn:aws:iam::123456789012:role/chat'"

DEFAULT_FLOW = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} "
    "${start} ${end} ${action} ${log-status}"
)
#: All fields but one, each time one of another kind.
LONG_FORMATS = [
    " ".join(f"${{{name}}}" for name in FLOW_FIELDS if name != left_out)
    for left_out in ("bytes", "srcaddr", "interface-id", "action", "log-status")
]

#: Lines under `name: dev`, so the first stands on line 2.
VALUES = {
    "below a minimum": (
        "streams:\n  raw:\n    retention_hours: 12",
        "4: streams.raw.retention_hours: 12 is below the minimum of 24 (Kinesis Data Streams quotas); set it to 24 or more",
    ),
    "above a maximum": (
        "direct_put: {delivery: {buffer_mib: 128}}",
        "2: direct_put.delivery.buffer_mib: 128 is above the maximum of 100 "
        "(Firehose AmazonopensearchserviceBufferingHints); set it to 100 or less",
    ),
    "a limit of ours": (
        "search: {refresh_seconds: 0}",
        "2: search.refresh_seconds: 0 is below the minimum of 1; set it to 1 or more",
    ),
    "an unknown key": (
        "streams:\n  raw: {retention_hour: 48}",
        "3: streams.raw.retention_hour: unknown key; did you mean `retention_hours`?",
    ),
    "a key of another section": (
        "fine_grained_access: false",
        "2: fine_grained_access: unknown key here; it belongs at `search.fine_grained_access`",
    ),
    "a key of nowhere": (
        "removal: {colour: red}",
        "2: removal.colour: unknown key; remove it, or use one of: policy, deletion_protection",
    ),
    "an unknown section": (
        "serch: {data_nodes: 3}",
        "2: serch: unknown key; did you mean `search`?",
    ),
    "a merge": (
        "search:\n  <<: {data_nodes: 3}",
        "3: search.<<: unknown key; remove it, or use one of: version, data_nodes, data_instance, manager_nodes, "
        "manager_instance, availability_zones, volume_gib, fine_grained_access, index_shards, index_replicas, refresh_seconds, "
        "segments_per_tier, retention_days, route, report",
    ),
    "text for a number": (
        "search: {data_nodes: '3'}",
        '2: search.data_nodes: "3" is not a whole number; write digits, without quotes',
    ),
    "a fraction": (
        "search: {data_nodes: 2.5}",
        "2: search.data_nodes: 2.5 is not a whole number; write digits, without quotes",
    ),
    "true for a number": (
        "search: {index_replicas: true}",
        "2: search.index_replicas: true is not a whole number; write digits, without quotes",
    ),
    "true for a number among some": (
        "search: {availability_zones: true}",
        "2: search.availability_zones: true is not a whole number; write digits, without quotes",
    ),
    "a number for text": (
        "functions: {python: 3.13}",
        "2: functions.python: 3.13 is not text; put it in quotes",
    ),
    "yes for true": (
        "network: {vpc: yes}",
        '2: network.vpc: "yes" is not true or false; write one of them',
    ),
    "text for a list": (
        "alerting: {emails: ops@example.com}",
        '2: alerting.emails: "ops@example.com" is not a list; write it as [one, another]',
    ),
    "a section left empty": (
        "search:",
        "2: search: null is not a section; write its keys below it, indented, or remove the line",
    ),
    "a list for a section": (
        "tags: [owner]",
        "2: tags: a list is not a section; write its keys below it, indented, or remove the line",
    ),
    "a value not among the possible": (
        "streams: {raw: {mode: ondemand}}",
        "2: streams.raw.mode: \"ondemand\" is not among the values it takes; write 'on-demand' or 'provisioned'",
    ),
    "a retention CloudWatch Logs does not have": (
        "functions: {log_retention_days: 31}",
        "2: functions.log_retention_days: 31 is not among the values it takes; write 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, "
        "365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653",
    ),
    "an account number that lost its zero": (
        "account: {id: 12345678901, region: eu-central-1}",
        "2: account.id: 12345678901 is not text; put it in quotes",
    ),
    "a log type nobody wrote": (
        "normalisation: {default_type: vpcflow}",
        f'2: normalisation.default_type: "vpcflow" is no log type; write {", ".join(sorted(TYPES))} or null',
    ),
    "a format of flow logs without its signs": (
        "normalisation: {vpc_flow_formats: [version srcaddr]}",
        '2: normalisation.vpc_flow_formats[0]: "version srcaddr" does not fit; write fields with a space between, as AWS was '
        "given them: ${srcaddr} ${dstaddr} …",
    ),
    "an empty format of flow logs": (
        "normalisation: {vpc_flow_formats: ['']}",
        '2: normalisation.vpc_flow_formats[0]: "" does not fit; write fields with a space between, as AWS was given them: '
        "${srcaddr} ${dstaddr} …",
    ),
    "a field flow logs do not have": (
        "normalisation:\n  vpc_flow_formats:\n    - ${srcaddr} ${start} ${destaddr}",
        f'4: normalisation.vpc_flow_formats[0]: "destaddr" is no field of VPC flow logs; write some of {", ".join(FLOW_FIELDS)}',
    ),
    "a field of a flow log twice": (
        "normalisation:\n  vpc_flow_formats:\n    - ${srcaddr} ${start}\n    - ${srcaddr} ${end} ${srcaddr}",
        "5: normalisation.vpc_flow_formats[1]: srcaddr is in it twice; write each field once",
    ),
    "a format of flow logs that says too little": (
        "normalisation:\n  vpc_flow_formats:\n    - ${srcaddr} ${bytes}",
        '4: normalisation.vpc_flow_formats[0]: "${srcaddr} ${bytes}" makes lines that could be anything\'s; have at least 2 of '
        "start, end, srcaddr, dstaddr, pkt-srcaddr, pkt-dstaddr, interface-id, next-hop-interface-id, vpc-id, next-hop-vpc-id, "
        "subnet-id, next-hop-subnet-id, instance-id, action, log-status, flow-direction in it",
    ),
    "a tenant that would split an index name": (
        "normalisation: {default_tenant: team-a}",
        '2: normalisation.default_tenant: "team-a" does not fit; write up to 63 lower-case letters, digits, _ and . '
        "(`-` separates the parts of an index name)",
    ),
    "a short account number": (
        "account: {id: '1234', region: eu-central-1}",
        '2: account.id: "1234" does not fit; write an AWS account number: 12 digits, in quotes',
    ),
    "half an account": (
        "account:\n  id: '123456789012'",
        "2: account.region: missing; add it: AWS region.",
    ),
    "ids that are forgotten while their windows are open": (
        "analytics:\n  aggregates:\n    settings: {out_of_orderness_seconds: 300}",
        "4: analytics.aggregates.settings.duplicates_seconds: 120 is shorter than windows are open, which is 60 s, "
        "`out_of_orderness_seconds` and `future_seconds` together; write 362 or more",
    ),
    "a key whose meaning takes two lines": (
        "analytics:\n  prepare: {}",
        "3: analytics.prepare.folder: missing; add it: Its code: `handler.py` there has `handler`, which gets batches of "
        "`events` as Lambda passes them (`common.source.user_records` gives the events in a record), and puts what the "
        "applications are to read on the stream that `PREPARED_STREAM` names. `ERRORS_STREAM` takes what it cannot use.",
    ),
    "a zone for a region": (
        "account: {id: '123456789012', region: eu-central-1a}",
        '2: account.region: "eu-central-1a" does not fit; write an AWS region, such as eu-central-1',
    ),
    "an instance type of EC2": (
        "search: {data_instance: r7g.large}",
        '2: search.data_instance: "r7g.large" does not fit; write an OpenSearch instance type, such as r7g.large.search',
    ),
    "one wrong address of two": (
        "alerting:\n  emails:\n    - ops@example.com\n    - ops",
        '5: alerting.emails[1]: "ops" does not fit; write an e-mail address',
    ),
    "a reserved tag": (
        "tags: {'aws:owner': me}",
        '2: tags.aws:owner: "aws:owner" does not fit; write a tag name of 1 to 128 letters, digits, spaces and _ . : / = + - @ '
        "that does not begin with aws: or weir:",
    ),
    "too many tags": (
        f"tags: {{{', '.join(f'key{number}: x' for number in range(50))}}}",
        "2: tags: 50 entries are above the maximum of 49 (AWS tag naming limits); remove some",
    ),
    "a number for a tag": (
        "tags: {cost-centre: 4711}",
        "2: tags.cost-centre: 4711 is not text; put it in quotes",
    ),
    "a public range": (
        "network: {cidr: 8.8.0.0/16}",
        '2: network.cidr: "8.8.0.0/16" is not a private range between /16 and /22 (VPC CIDR blocks); '
        "write one such as 10.40.0.0/16",
    ),
    "a range with an impossible octet": (
        "network: {cidr: 10.300.0.0/16}",
        "2: network.cidr: \"10.300.0.0/16\" is not an address range: Octet 300 (> 255) not permitted in '10.300.0.0'; "
        "write one such as 10.40.0.0/16",
    ),
    "a buffer too small for partitions": (
        "lake: {delivery: {buffer_mib: 16}}",
        "2: lake.delivery.buffer_mib: 16 is below the minimum of 64 (Firehose buffering for dynamic partitioning); "
        "set it to 64 or more",
    ),
    "a buffer too short for partitions": (
        "lake: {delivery: {buffer_seconds: 5}}",
        "2: lake.delivery.buffer_seconds: 5 is below the minimum of 60 (Firehose buffering for dynamic partitioning); "
        "set it to 60 or more",
    ),
    "a limit Athena does not take": (
        "lake: {scanned_mib_per_query: 1}",
        "2: lake.scanned_mib_per_query: 1 is below the minimum of 10 (Athena data usage controls); set it to 10 or more",
    ),
    "a day no month has": (
        "lake: {first_day: 2026-02-30}",
        "2: lake.first_day: \"2026-02-30\" is not a day; write one such as '2026-01-01', in quotes",
    ),
    "a long value": (
        f"account: {{id: '{'9' * 80}', region: eu-central-1}}",
        f'2: account.id: "{"9" * 56}… does not fit; write an AWS account number: 12 digits, in quotes',
    ),
    "a log type of a rule that is none": (
        "collection:\n  rules: [{type: nginxx}]",
        f'3: collection.rules[0].type: "nginxx" is no log type; write {", ".join(log_types())} or null',
    ),
    "a bucket named twice": (
        "collection:\n  buckets:\n  - bucket: acme-logs\n  - bucket: acme-logs",
        "5: collection.buckets[1].bucket: acme-logs is named before; give it once, with all its rules",
    ),
    "a misspelt key of a bucket": (
        "collection:\n  buckets: [{bucket: acme-logs, prefx: a/}]",
        "3: collection.buckets[0].prefx: unknown key; did you mean `prefix`?",
    ),
    "a topic that is no ARN": (
        "collection:\n  buckets: [{bucket: acme-logs, topic: log-files}]",
        '3: collection.buckets[0].topic: "log-files" does not fit; write the ARN of an SNS topic',
    ),
    "a parallelism of none": (
        "analytics: {aggregates: {parallelism: 0}}",
        "2: analytics.aggregates.parallelism: 0 is below the minimum of 1 (Managed Service for Apache Flink quotas); "
        "set it to 1 or more",
    ),
    "more tasks than a KPU takes": (
        "analytics:\n  aggregates: {parallelism_per_kpu: 9}",
        "3: analytics.aggregates.parallelism_per_kpu: 9 is above the maximum of 8 "
        "(Managed Service for Apache Flink application scaling); set it to 8 or less",
    ),
    "a reader there is not": (
        "analytics: {behaviour: {reader: FANOUT}}",
        "2: analytics.behaviour.reader: \"FANOUT\" is not among the values it takes; write 'POLLING' or 'EFO'",
    ),
    "a setting of another application": (
        "analytics: {behaviour: {settings: {talkers: {count: 5}}}}",
        "2: analytics.behaviour.settings.talkers: unknown key here; it belongs at `analytics.aggregates.settings.talkers`",
    ),
    "a setting below what makes sense": (
        "analytics: {behaviour: {settings: {brute_force: {failures: 1}}}}",
        "2: analytics.behaviour.settings.brute_force.failures: 1 is below the minimum of 2; set it to 2 or more",
    ),
    "a time of no day": (
        "analytics: {maintenance_start: '24:00'}",
        '2: analytics.maintenance_start: "24:00" does not fit; write a time of day in UTC, such as 02:00, in quotes',
    ),
    "a folder without a handler": (
        "analytics: {behaviour: {enabled: true}, prepare: {folder: stacks}}",
        '2: analytics.prepare.folder: "stacks" has no handler.py; write the folder, from the project\'s, of the function\'s code',
    ),
    "a function by its name": (
        "analytics:\n  behaviour: {enabled: true}\n  outputs:\n"
        "  - {name: chat, stream: findings, function: {arn: chat, role: 'arn:aws:iam::123456789012:role/chat'}}",
        '5: analytics.outputs[0].function.arn: "chat" does not fit; write the ARN of a function',
    ),
    "a stream by its name": (
        "analytics:\n  behaviour: {enabled: true}\n  outputs:\n  - {name: siem, stream: findings, data_stream: {arn: siem}}",
        '5: analytics.outputs[0].data_stream.arn: "siem" does not fit; write the ARN of a data stream',
    ),
    "a key with a line break": (
        '"a\\nb": 1',
        '2: "a\\nb": unknown key; remove it, or use one of: name, account, tags, removal, network, streams, '
        "collection, functions, normalisation, shaping, enrichment, archive, lake, analytics, search, direct_put, alerting, "
        "observability",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "text"), VALUES.values(), ids=VALUES.keys())
def test_an_impossible_value(refusal: Refusal, lines: str, text: str) -> None:
    assert refusal(f"name: dev\n{lines}\n") == f"{DEV}:{text}"


CONFLICTS = {
    "more KPUs than the account has": (
        "analytics: {aggregates: {enabled: true, parallelism: 200, parallelism_per_kpu: 2}}",
        "2: analytics.aggregates.parallelism: 200 needs 100 KPUs, above `kpu_quota` (64; "
        "Managed Service for Apache Flink quotas); lower it, raise `parallelism_per_kpu`, "
        "or have the quota raised and write it here",
    ),
    "a notebook of more KPUs than the quota": (
        "analytics: {studio: {enabled: true, parallelism: 100, parallelism_per_kpu: 1}}",
        "2: analytics.studio.parallelism: 100 needs 100 KPUs, above `kpu_quota` (64; "
        "Managed Service for Apache Flink quotas); lower it, raise `parallelism_per_kpu`, "
        "or have the quota raised and write it here",
    ),
    "a notebook that reads several shards in a task": (
        "streams: {events: {mode: provisioned, shards: 8}}\nanalytics: {studio: {enabled: true}}",
        "3: analytics.studio.parallelism: 4 is below `streams.events.shards` (8): one task would read several shards, and make "
        "events of the slower ones late; set it to 8 or more",
    ),
    "a notebook in the embedded run": (
        "analytics:\n  connector: local\n  studio: {enabled: true}",
        "4: analytics.studio.enabled: the embedded run, which `connector: local` is for, has no Studio; remove it, or take the "
        "official connector",
    ),
    "an application that reads what nobody writes": (
        "analytics:\n  anomalies: {enabled: true}",
        "3: analytics.anomalies.enabled: it reads metrics, which no application that runs writes; "
        "enable one that does, such as aggregates",
    ),
    "a part that is none of its period": (
        "analytics: {anomalies: {settings: {part_seconds: 7000}}}",
        "2: analytics.anomalies.settings.part_seconds: 7000 is not a whole part of `period_seconds` (86400); "
        "write one that divides it",
    ),
    "a preparation for nobody": (
        "analytics: {prepare: {folder: lambdas/archive}}",
        "2: analytics.prepare: no application runs that would read what it prepares; enable one, or remove it",
    ),
    "an output of what nobody writes": (
        "analytics: {behaviour: {enabled: true}, outputs: [{name: copies, stream: metrics, delivery: {}}]}",
        "2: analytics.outputs[0].stream: no application that runs writes metrics; enable one that does, or remove the output",
    ),
    "an output to nowhere": (
        "analytics: {behaviour: {enabled: true}, outputs: [{name: copies, stream: findings}]}",
        "2: analytics.outputs[0].function: an output goes to a function, to a delivery stream or to a data stream; "
        "give one of `function`, `delivery` and `data_stream`",
    ),
    "an output to two places": (
        f"analytics:\n  behaviour: {{enabled: true}}\n  outputs:\n"
        f"  - name: copies\n    stream: findings\n    delivery: {{}}\n    data_stream: {{{SIEM}}}",
        "8: analytics.outputs[0].data_stream: an output goes to a function, to a delivery stream or to a data stream; "
        "give one of `function`, `delivery` and `data_stream`",
    ),
    "an output in a place that is taken": (
        "analytics: {behaviour: {enabled: true}, outputs: [{name: raw, stream: findings, delivery: {}}]}",
        "2: analytics.outputs[0].name: raw is a name of the pipeline's own; choose another",
    ),
    "two outputs of one name": (
        "analytics:\n  behaviour: {enabled: true}\n  outputs:\n"
        "  - {name: copies, stream: findings, delivery: {}}\n  - {name: copies, stream: findings, delivery: {}}",
        "6: analytics.outputs[1].name: copies is taken by another; choose another name",
    ),
    "an output's records that expire": (
        "analytics:\n  behaviour: {enabled: true}\n  outputs:\n"
        f"  - name: chat\n    stream: findings\n    function: {{max_record_age_hours: 24, {CHAT}}}",
        "7: analytics.outputs[0].function.max_record_age_hours: 24 is not below `streams.findings.retention_hours` (24), "
        "so a record could expire before it reaches the failure destination; set it to 23 or less",
    ),
    "a function of another account": (
        "account: {id: '210987654321', region: eu-central-1}\nanalytics:\n  behaviour: {enabled: true}\n  outputs:\n"
        f"  - {{name: chat, stream: findings, function: {{{CHAT}}}}}",
        "6: analytics.outputs[0].function: arn:aws:lambda:eu-central-1:123456789012:function:chat with "
        "arn:aws:iam::123456789012:role/chat is not of account 210987654321 and eu-central-1; "
        "Lambda reads a stream of its own account and region only: name a function there",
    ),
    "a stream whose ARN is of no region": (
        "analytics:\n  behaviour: {enabled: true}\n  outputs:\n"
        "  - {name: siem, stream: findings, data_stream: {arn: 'arn:aws:kinesis:cn-north-1:123456789012:stream/siem'}}",
        "5: analytics.outputs[0].data_stream.arn: cn-north-1 is of the partition aws-cn, not of aws; write arn:aws-cn:kinesis:…",
    ),
    "a stream's key of another region": (
        "analytics:\n  behaviour: {enabled: true}\n  outputs:\n"
        f"  - {{name: siem, stream: findings, data_stream: {{key: '{KEY}', {SIEM}}}}}",
        f"5: analytics.outputs[0].data_stream.key: {KEY} is not of eu-central-1, as the stream is; "
        "Kinesis uses keys of its own region only",
    ),
    "a stream of another region": (
        "account: {id: '123456789012', region: eu-west-1}\nanalytics:\n  behaviour: {enabled: true}\n  outputs:\n"
        f"  - {{name: siem, stream: findings, data_stream: {{{SIEM}}}}}",
        "6: analytics.outputs[0].data_stream.arn: arn:aws:kinesis:eu-central-1:123456789012:stream/siem "
        "is not of account 123456789012 and eu-west-1; "
        "its function puts records in its own account and region only: name a stream there",
    ),
    "a stream of the pipeline's own": (
        "analytics:\n  behaviour: {enabled: true}\n  outputs:\n"
        f"  - {{name: again, stream: findings, data_stream: {{{SIEM.replace('siem', 'weir-dev-raw')}}}}}",
        "5: analytics.outputs[0].data_stream.arn: weir-dev-raw is a stream of the pipeline's own; name another",
    ),
    "a stream that takes smaller records": (
        "streams:\n  findings: {max_record_kib: 2048}\nanalytics:\n  behaviour: {enabled: true}\n  outputs:\n"
        f"  - {{name: siem, stream: findings, data_stream: {{max_record_kib: 1500, {SIEM}}}}}",
        "7: analytics.outputs[0].data_stream.max_record_kib: 1500 is below `streams.findings.max_record_kib` (2048), "
        "so a record could be too large for it; let the stream take as much and say so here, or lower the other",
    ),
    "a copy's records that expire": (
        "analytics:\n  behaviour: {enabled: true}\n  outputs:\n"
        f"  - name: siem\n    stream: findings\n    data_stream: {{max_record_age_hours: 24, {SIEM}}}",
        "7: analytics.outputs[0].data_stream.max_record_age_hours: 24 is not below `streams.findings.retention_hours` (24), "
        "so a record could expire before it reaches the failure destination; set it to 23 or less",
    ),
    "an output's buffer that outlasts its alarm": (
        "analytics:\n  behaviour: {enabled: true}\n  outputs:\n"
        "  - {name: copies, stream: findings, delivery: {buffer_seconds: 900}}",
        "5: analytics.outputs[0].delivery.buffer_seconds: 900 is not below `observability.delivery_freshness_seconds` (900), "
        "so its alarm would always ring; shorten the wait, or raise the threshold",
    ),
    "a provisioned stream without shards": (
        "streams:\n  raw:\n    mode: provisioned",
        "4: streams.raw.mode: a provisioned stream needs shards; "
        "set `shards` to max(inKB/1000, outKB/2000, records/1000) per second",
    ),
    "an on-demand stream with shards": (
        "streams:\n  raw:\n    shards: 4",
        "4: streams.raw.shards: an on-demand stream has no shards; remove the key, or set `mode: provisioned`",
    ),
    "buckets that are no power of two": (
        "streams:\n  events: {buckets: 300}",
        "3: streams.events.buckets: 300 is no power of two; set it to 512",
    ),
    "fewer buckets than shards": (
        "streams:\n  events: {mode: provisioned, shards: 12, buckets: 8}",
        "3: streams.events.buckets: 8 leave some of 12 shards without events; set it to 64",
    ),
    "error records that do not fit": (
        "streams:\n  raw: {max_record_kib: 3072}",
        "2: streams.errors.max_record_kib: 4096 is too small for a record of 3072 KiB with its original in base64; "
        "set it to 6144 or more",
    ),
    "expiry before the move": (
        "archive: {infrequent_access_after_days: 60, expire_after_days: 60}",
        "2: archive.expire_after_days: 60 is not after the move to Standard-IA on day 60 (S3 lifecycle transitions); "
        "set it to 61 or more, or `infrequent_access_after_days: null`",
    ),
    "an odd number of nodes over two zones": (
        "search: {data_nodes: 5, availability_zones: 2}",
        "2: search.data_nodes: 5 do not spread evenly over 2 availability zones; set it to 6, or change `availability_zones`",
    ),
    "more replicas than other nodes": (
        "search: {data_nodes: 1, availability_zones: 1}",
        "2: search.index_replicas: 1 needs 2 data nodes, there are 1; set it to 0, or raise `data_nodes`",
    ),
    "zones without replicas": (
        "search: {index_replicas: 0}",
        "2: search.index_replicas: with 0 the loss of a zone loses data; set it to 1 or more, or `availability_zones: 1`",
    ),
    "a volume the instance cannot take": (
        "search: {data_instance: t3.medium.search, volume_gib: 300}",
        "2: search.volume_gib: 300 is above the maximum of 200 for t3.medium.search (OpenSearch Service quotas); "
        "set it to 200 or less, or take more or larger nodes",
    ),
    "an instance without volumes": (
        "search: {data_instance: i4i.large.search}",
        "2: search.data_instance: i4i.large.search has its own disks and takes no EBS volume; take an r7g, r6g, m7g or m6g type",
    ),
    "an instance without encryption": (
        "search: {data_instance: t2.small.search}",
        "2: search.data_instance: t2.small.search cannot encrypt data at rest; take an r7g, r6g, m7g or m6g type",
    ),
    "small managers of many nodes": (
        "search: {data_nodes: 12, manager_instance: t3.medium.search}",
        "2: search.manager_instance: T3 serves up to 10 data nodes, there are 12 (OpenSearch Service quotas); "
        "take an m7g or r7g type",
    ),
    "the default format of flow logs": (
        f"normalisation:\n  vpc_flow_formats:\n    - {DEFAULT_FLOW}",
        "4: normalisation.vpc_flow_formats[0]: is the default format, which is always read; remove it",
    ),
    "a format of flow logs that looks like the default one": (
        f"normalisation:\n  vpc_flow_formats:\n    - {DEFAULT_FLOW.replace('packets', 'tcp-flags')}",
        "4: normalisation.vpc_flow_formats[0]: its lines look like those of the default format, so neither could be told; "
        "put a field of another kind, such as an address, at another place of the flow log's format, or collect its files in S3, "
        "which name their fields",
    ),
    "formats of flow logs that look alike": (
        "normalisation:\n  vpc_flow_formats:\n    - ${start} ${end} ${bytes}\n    - ${end} ${start} ${packets}",
        "5: normalisation.vpc_flow_formats[1]: its lines look like those of format 1 of the list, so neither could be told; "
        "put a field of another kind, such as an address, at another place of the flow log's format, or collect its files in S3, "
        "which name their fields",
    ),
    "more formats of flow logs than a function is told": (
        "normalisation:\n  vpc_flow_formats:\n" + "\n".join(f"    - {format_}" for format_ in LONG_FORMATS),
        "3: normalisation.vpc_flow_formats: have 3,555 characters without the ${}, above the 3,000 a function is told; "
        "remove some",
    ),
    "records that expire unseen by normalise": (
        "normalisation:\n  consumer:\n    max_record_age_hours: 24",
        "4: normalisation.consumer.max_record_age_hours: 24 is not below `streams.raw.retention_hours` (24), "
        "so a record could expire before it reaches the failure destination; set it to 23 or less",
    ),
    "records that expire unseen by route": (
        "search:\n  route:\n    max_record_age_hours: 100",
        "4: search.route.max_record_age_hours: 100 is not below `streams.events.retention_hours` (24), "
        "so a record could expire before it reaches the failure destination; set it to 23 or less",
    ),
    "expiry of the lake before the move": (
        "lake: {expire_after_days: 90}",
        "2: lake.expire_after_days: 90 is not after the move to Standard-IA on day 90 (S3 lifecycle transitions); "
        "set it to 91 or more, or `infrequent_access_after_days: null`",
    ),
    "an alarm of the lake that always rings": (
        "lake: {delivery: {buffer_seconds: 600}}",
        "2: lake.delivery.buffer_seconds: 600, of which Firehose may make 900 for partitions, is not below "
        "`observability.delivery_freshness_seconds` (900), "
        "so its alarm would always ring; shorten the wait, or raise the threshold",
    ),
    "an alarm that always rings": (
        "archive: {delivery: {buffer_seconds: 900}}",
        "2: archive.delivery.buffer_seconds: 900 is not below `observability.delivery_freshness_seconds` (900), "
        "so its alarm would always ring; shorten the wait, or raise the threshold",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "text"), CONFLICTS.values(), ids=CONFLICTS.keys())
def test_values_that_do_not_fit_together(refusal: Refusal, lines: str, text: str) -> None:
    assert refusal(f"name: dev\n{lines}\n") == f"{DEV}:{text}"


def test_managers_that_are_not_there_have_no_limit(directory: pathlib.Path) -> None:
    (directory / "dev.yaml").write_text(
        "name: dev\nsearch: {data_nodes: 12, manager_nodes: 0, manager_instance: t3.small.search}\n"
    )
    assert load_environment("dev", directory).search.manager_nodes == 0


def test_a_lake_that_is_not_there_has_no_alarm(directory: pathlib.Path) -> None:
    short = "delivery: {buffer_seconds: 30}"
    (directory / "dev.yaml").write_text(
        "name: dev\nlake: {enabled: false}\nobservability: {delivery_freshness_seconds: 60}\n"
        f"archive: {{{short}, errors_{short}}}\ndirect_put: {{{short}}}\n"
    )
    assert load_environment("dev", directory).lake.enabled is False
