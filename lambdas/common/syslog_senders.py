"""Which syslog lines have a type of their own: told by the program that wrote them, or by how their message begins.

The types of syslog lines share this, so that no line is of two of them.
"""

from __future__ import annotations

import re

from common.syslog_header import Header
from common.syslog_usual import Usual

_AUTHENTICATION = frozenset(
    [
        *("sshd", "sshd-session", "sshd-auth", "sudo", "su", "login", "passwd", "chpasswd", "systemd-logind", "unix_chkpwd"),
        *("useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod", "gpasswd", "chage", "newusers", "dropbear"),
    ]
)
_HAPROXY = "haproxy"
_ASK_NONE = frozenset((None, _HAPROXY))
_WITH_TYPES = _AUTHENTICATION | {_HAPROXY}
#: As HAProxy logs a request or a connection: the client's address and port, and the time it was accepted.
_ACCEPTED = re.compile(r"(?:\[?[0-9a-fA-F.:]+\]?|unix):[0-9]{1,5} \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8}\.[0-9]{3}\] ")


def is_authentication(found: Header | Usual) -> bool:
    """Any program may ask a PAM module, which logs in the program's name, but for HAProxy, which asks none."""
    return found.program in _AUTHENTICATION or (found.program not in _ASK_NONE and found.message.startswith("pam_"))


def is_haproxy(found: Header | Usual) -> bool:
    """HAProxy may log under any name."""
    return found.program == _HAPROXY or (begins_as_haproxy(found.message) and not is_authentication(found))


def has_no_type(found: Header | Usual) -> bool:
    """Whether it is of none of these."""
    return not (found.program in _WITH_TYPES or begins_as_haproxy(found.message) or is_authentication(found))


def begins_as_haproxy(message: str) -> bool:
    """Whether a message is HAProxy's account of a request or connection."""
    return _ACCEPTED.match(message) is not None
