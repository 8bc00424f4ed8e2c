"""CloudHSM audit logs: one management command an event, written as lines of "name : value".

Fields: AWS CloudHSM user guide, "Interpreting AWS CloudHSM audit logs"
(https://docs.aws.amazon.com/cloudhsm/latest/userguide/interpreting-audit-logs.html), opcodes after "AWS CloudHSM audit log
reference" there. Types stand under their names, without the number each name stands for. An event without its later lines, as a
truncated one is, says what it says. The audit logs of certificate storage, in JSON, are of the type cloudhsm_certificates.
"""

from __future__ import annotations

import re
from typing import Any

from orjson import dumps

from common.cache import Cache, remembered
from common.json_text import quoted
from common.kinds import WHOLE, WORD
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.table import Table
from common.timestamps import from_epoch, from_iso

#: "Time: 12/19/17 21:01:16.962174, usecs:1513717276962174", the clock in UTC; month and day come first.
_BEGINNING = re.compile(r"Time ?: ?[0-9]{2}/[0-9]{2}/[0-9]{2} [0-9:.]+, usecs:")
_TIME = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{2}) ([0-9:.]+)(?:, usecs:([0-9]{0,19}))?.*")
_MICROSECONDS = 16  # digits, from 2001 to 2286
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,15}")
#: "CN_LOGIN (0xd)"
_NAMED = re.compile(r"(\S+) \((0x[0-9a-fA-F]+|[0-9]+)\)")
#: "0:HSM Return: SUCCESS"
_RESPONSE = re.compile(r"(0|[1-9a-fx][0-9a-fx]*) ?: ?(?:HSM (?:Return|Error): )?(.+)")

#: The end of a session has two names in the documentation.
_SESSIONS = ("CN_LOGIN", "CN_LOGOUT", "CN_APP_FINALIZE", "CN_CLOSE_SESSION", "CN_SESSION_CLOSE", "CN_AUTHORIZE_SESSION")
#: event.type of what is done to keys, and to the tokens of a quorum.
_KEY_TYPES = {
    "creation": (
        *("CN_GENERATE_KEY", "CN_GENERATE_KEY_PAIR", "CN_GEN_KEY_ENC_KEY", "CN_GEN_PSWD_ENC_KEY"),
        *("CN_CREATE_OBJECT", "CN_UNWRAP_KEY", "CN_DERIVE_KEY", "CN_INSERT_MASKED_OBJECT_USER"),
    ),
    "change": ("CN_MODIFY_OBJECT", "CN_SHARE_OBJECT"),
    "deletion": ("CN_DESTROY_OBJECT", "CN_TOMBSTONE_OBJECT", "CN_DELETE_TOKEN"),
}
_TYPES = {
    "CN_LOGIN": ["start"],
    "CN_LOGOUT": ["end"],
    "CN_APP_FINALIZE": ["end"],
    "CN_CLOSE_SESSION": ["end"],
    "CN_SESSION_CLOSE": ["end"],
    "CN_CREATE_USER": ["user", "creation"],
    "CN_CREATE_CO": ["user", "creation"],
    "CN_CREATE_APPLIANCE_USER": ["user", "creation"],
    "CN_DELETE_USER": ["user", "deletion"],
    "CN_CHANGE_PSWD": ["user", "change"],
    "CN_SET_M_VALUE": ["admin", "change"],
    "CN_CERT_AUTH_STORE_CERT": ["admin", "change"],
    **{opcode: [kind] for kind, opcodes in _KEY_TYPES.items() for opcode in opcodes},
}
_OTHER_TYPES = ["info"]


def _split(line: str) -> JsonObject:
    """The lines of an event by their names; what is none of "name : value" is in `extra`."""
    record: JsonObject = {}
    for part in line.splitlines():
        name, colon, value = part.partition(":")
        name, value = name.strip(), value.strip()
        if colon and value and name not in record and "." not in name:
            record[name] = value
        elif value or (name and not colon):
            record.setdefault("extra", []).append(part.strip())
    if "Time" not in record:
        raise Malformed("line: an audit log event begins with its Time")
    return record


@remembered(1_024)
def _time(value: str) -> str | None:
    match = _TIME.fullmatch(value)
    if match is None:
        return None
    month, day, year, clock, microseconds = match.groups()
    try:
        # A cut-off number would be another time, which the clock before it is not.
        whole = microseconds is not None and len(microseconds) == _MICROSECONDS
        return from_epoch(int(microseconds)) if whole else from_iso(f"20{year}-{month}-{day} {clock}")
    except ValueError:
        return None


def _number(value: Any) -> int | None:
    """Hexadecimal, as sequence number and reboot counter are, or decimal."""
    return int(value, 16) if isinstance(value, str) and _HEXADECIMAL.fullmatch(value) else WHOLE.read(value)


def _complete(event: JsonObject, rest: JsonObject) -> None:
    happened, logged = event["event"], event.get("aws", {}).get("cloudhsm", {})
    if match := _NAMED.fullmatch(happened.get("action", "")):
        happened["action"], happened["code"] = match[1], match[2]
    opcode = happened.get("action")
    happened["category"] = ["authentication", "session"] if opcode in _SESSIONS else ["iam"]
    happened["type"] = _TYPES.get(opcode, _OTHER_TYPES)
    for name in ("command_type", "log_type", "user_type"):
        if match := _NAMED.fullmatch(logged.get(name, "")):
            logged[name] = match[1]
    if response := logged.get("response"):
        match = _RESPONSE.fullmatch(response)
        happened["outcome"] = "unknown" if match is None else "success" if match[1] == "0" else "failure"


TABLE = Table(
    {
        "Time": "@timestamp",
        "Sequence No": "event.sequence",
        "Reboot counter": "aws.cloudhsm.reboot_counter",
        "Command Type(hex)": "aws.cloudhsm.command_type",
        "Opcode": "event.action",
        "Session Handle": "aws.cloudhsm.session_handle",
        "Response": "aws.cloudhsm.response",
        "Log type": "aws.cloudhsm.log_type",
        "User Name": "user.name",
        "User Type": "aws.cloudhsm.user_type",
        "Priv/Secret Key Handle": "aws.cloudhsm.key_handle",
        "Public Key Handle": "aws.cloudhsm.public_key_handle",
    },
    own={
        "aws.cloudhsm.reboot_counter": WHOLE,
        **{
            f"aws.cloudhsm.{name}": WORD
            for name in ("command_type", "session_handle", "response", "log_type", "user_type", "key_handle", "public_key_handle")
        },
    },
    rest="aws.cloudhsm.other",
    read={"Time": _time, "Sequence No": _number, "Reboot counter": _number},
    complete=_complete,
)
_HEX = "(0x[0-9a-fA-F]{1,15})"
_WORD = r"([\w-]+)"
#: An event as the service writes it: of a command alone, of one about a user, or of one about keys.
_USUAL = re.compile(
    rf"Time ?: ?([0-9/]+ [0-9:.]+, usecs:[0-9]+)\nSequence No ?: ?{_HEX}\nReboot counter ?: ?{_HEX}\n"
    rf"Command Type\(hex\) ?: ?{_WORD} \(0x[0-9a-fA-F]+\)\nOpcode ?: ?{_WORD} \({_HEX}\)\nSession Handle ?: ?{_HEX}\n"
    rf"Response ?: ?(\S+(?: \S+)*)\nLog type ?: ?{_WORD}(?: \([0-9]+\))?"
    rf"(?:\nUser Name ?: ?(\S+)\nUser Type ?: ?{_WORD} \([0-9]+\))?"
    r"(?:\nPriv/Secret Key Handle ?: ?([0-9]+)\nPublic Key Handle ?: ?([0-9]+))?"
)


def _answered(told: tuple[str, str]) -> str:
    """Members of `event` that an opcode and a response tell."""
    opcode, response = told
    event: JsonObject = {"event": {"action": opcode}, "aws": {"cloudhsm": {"response": response}}}
    _complete(event, {})
    return dumps(event["event"]).decode()[1:-1]


_ANSWERED = Cache(_answered, 1_024)


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual one; None for any other."""
    match = _USUAL.fullmatch(line)
    if match is None:
        return None
    time, number, reboot, command, opcode, code, session, response, kind, user, user_kind, key, public = match.groups()
    at = _time(time)
    if at is None:
        return None
    done_to = f',"user_type":"{user_kind}"' if user else ""
    keys = f',"key_handle":"{key}","public_key_handle":"{public}"' if key else ""
    named = f',"user":{{"name":{quoted(user)}}}' if user else ""
    return (
        f'{{"@timestamp":"{at}","event":{{"id":"{event_id}","dataset":"aws.cloudhsm","sequence":{int(number, 16)},'
        f'"code":"{code}",{_ANSWERED[opcode, response]}{stamp.json},"aws":{{"cloudhsm":{{'
        f'"reboot_counter":{int(reboot, 16)},"command_type":"{command}","session_handle":"{session}",'
        f'"response":{quoted(response)},"log_type":"{kind}"{done_to}{keys}}}}}{named}}}'
    ).encode()


LOG_TYPE = LineType(
    name="cloudhsm",
    dataset="aws.cloudhsm",
    title="CloudHSM audit log",
    page="https://docs.aws.amazon.com/cloudhsm/latest/userguide/interpreting-audit-logs.html",
    arrival="A subscription of the cluster's log group.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(_split),
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="T",
)
