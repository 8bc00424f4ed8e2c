"""Kafka broker log, in the pattern of Kafka's own log4j configuration, `[%d] %p %m (%c)%n`, as MSK delivers it.

Delivery: Amazon MSK developer guide, "Amazon MSK logging"
(https://docs.aws.amazon.com/msk/latest/developerguide/msk-logging.html); pattern: Apache Kafka, config/log4j2.yaml
(https://github.com/apache/kafka/blob/trunk/config/log4j2.yaml). Times are those of the broker, which for MSK is UTC. The lines
of a stack trace belong to the record of the line before them.

Other programs log in this pattern too: a line is Kafka's where its logger is, or, for one that is cut off, the component in
brackets before the message.
"""

from __future__ import annotations

import re

from common.kinds import WORD
from common.learned_lines import LearnedLines, Value, as_it_is
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.table import Table

_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3}"
_PREFIX = re.compile(rf"\[({_TIME})\] (TRACE|DEBUG|INFO|WARN|ERROR|FATAL) ")
_KAFKAS = r"(?:kafka|org\.apache\.kafka|org\.apache\.zookeeper|state\.change)"
_LOGGERS = re.compile(rf" \(({_KAFKAS}[\w.$-]*)\)(?=\s*(?:\n|\Z))")
#: Such as [GroupCoordinator 1], [ReplicaManager broker=1] and [Kafka Request Handler 3 on Broker 1].
_COMPONENTS = re.compile(
    r"\[(?:GroupCoordinator|GroupMetadataManager|TransactionCoordinator|Transaction State Manager|ReplicaManager|"
    r"ReplicaFetcherManager|ReplicaFetcher|ReplicaAlterLogDirsManager|Partition|UnifiedLog|LogLoader|Log|ProducerStateManager|"
    r"KafkaServer|KafkaRaftServer|BrokerServer|ControllerServer|SocketServer|Controller|ControllerEventThread|Broker|"
    r"BrokerLifecycleManager|BrokerToControllerChannelManager|RaftManager|QuorumController|Admin Manager|"
    r"DynamicConfigPublisher|Kafka Request Handler) "
    r"(?:[^\]\n=]{0,80}?(?:[iI]d|broker|partition|listenerType)=|[0-9]+\]|(?:[0-9]+ )?on [bB]roker )"
)
_COMPONENT = re.compile(r"\[([^\]\n]{1,120})\]:? ?")
_LOGGER = re.compile(r" \(([\w.$-]+)\)\Z")
_EXCEPTION = re.compile(r"([\w.$]+(?:Exception|Error|Throwable)\b[\w.$]*)(?:: ([^\n]*))?")


def recognise(line: str) -> tuple[re.Match[str], re.Match[str]] | None:
    """The beginning of a line that Kafka wrote, and what tells that it did."""
    prefix = _PREFIX.match(line)
    if prefix is None:
        return None
    found = _LOGGERS.search(line, prefix.end()) or _COMPONENTS.match(line, prefix.end())
    return (prefix, found) if found else None


def parse_match(found: tuple[re.Match[str], re.Match[str]], stamp: Stamp) -> JsonObject:
    prefix, origin = found
    line = prefix.string
    if origin.re is not _LOGGERS or origin.end() != len(line) or "\n" in line:
        return TABLE.event(split(line), stamp)
    record = {"time": prefix[1], "level": prefix[2].lower(), "logger": origin[1]}
    return TABLE.event(_with_message(record, line[prefix.end() : origin.start()]), stamp)


def _values(line: str, _: Stamp) -> list[Value] | None:
    """Those of a line with a logger."""
    found = recognise(line)
    if found is None or found[1].re is not _LOGGERS or found[1].end() != len(line) or "\n" in line:
        return None
    prefix, logger = found
    start, end = prefix.end(), logger.start()
    values = [Value("time", *prefix.span(1), _TIME), Value("level", *prefix.span(2), said=prefix[2].lower())]
    component, not_first = _COMPONENT.match(line, start, end), r"\["
    if component is not None:
        values.append(Value("component", *component.span(1), r'[^\]"\\\x00-\x1f]{1,120}'))
        start = component.end()
        not_first = {"]": "[: ]", ":": " ", " ": r"\b\B"}[line[start - 1]]
    return [
        *values,
        Value("message", start, end, f"(?!{not_first})[^\\n]+", decode=as_it_is),
        Value("logger", *logger.span(1), rf"{_KAFKAS}[\w.$-]*+"),
    ]


def _told(line: str) -> str:
    """The level."""
    return line[26:31]


def split(line: str) -> JsonObject:
    """The parts of an entry by name. Raises Malformed for a line without a time and a level."""
    prefix = _PREFIX.match(line)
    if prefix is None:
        raise Malformed("line: does not begin with a time in brackets and a level")
    time, level = prefix.groups()
    record: JsonObject = {"time": time, "level": level.lower()}
    said, _, after = line[prefix.end() :].partition("\n")
    logger = _LOGGER.search(said)
    if logger is None and after:  # a message of several lines
        said, after = f"{said}\n{after}", ""
        logger = _LOGGER.search(said)
    if logger is not None:
        record["logger"] = logger[1]
        said = said[: logger.start()]
    if after:
        record["stack_trace"] = after
        if (exception := _EXCEPTION.match(after)) is not None:
            record["exception"], record["exception_message"] = exception.groups()
    return _with_message(record, said)


def _with_message(record: JsonObject, said: str) -> JsonObject:
    component = _COMPONENT.match(said)
    if component is not None:
        record["component"] = component[1]
        said = said[component.end() :]
    record["message"] = said
    return record


def _complete(event: JsonObject, rest: JsonObject) -> None:
    if event["log"]["level"] in ("error", "fatal"):
        event["event"]["type"] = ["error"]


TABLE = Table(
    {
        "time": "@timestamp",
        "level": "log.level",
        "logger": "log.logger",
        "component": "kafka.component",
        "message": "message",
        "exception": "error.type",
        "exception_message": "error.message",
        "stack_trace": "error.stack_trace",
    },
    own={"kafka.component": WORD},
    rest="kafka.other",
    complete=_complete,
)

_LINES = LearnedLines(TABLE.text_writer("kafka.broker", "level"), _told, _values, lambda line, _: split(line))

LOG_TYPE = LineType(
    name="msk_broker",
    dataset="kafka.broker",
    title="Kafka broker log, of MSK too",
    page="https://docs.aws.amazon.com/msk/latest/developerguide/msk-logging.html",
    arrival="MSK delivers it to a log group, to S3 or to Data Firehose.",
    recognise=recognise,
    parse=TABLE.lines(split),
    parse_match=parse_match,
    quick=_LINES.quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="[",
)
