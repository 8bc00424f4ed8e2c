"""Which syslog lines have a type of their own: told by the program that wrote them, or by how their message begins.

The types of syslog lines share this, so that no line is of two of them.
"""

from __future__ import annotations

from common.syslog_header import Header

_AUTHENTICATION = frozenset(
    [
        *("sshd", "sshd-session", "sshd-auth", "sudo", "su", "login", "passwd", "chpasswd", "systemd-logind", "unix_chkpwd"),
        *("useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod", "gpasswd", "chage", "newusers", "dropbear"),
    ]
)


def is_authentication(found: Header) -> bool:
    """Any program may ask a PAM module, which logs in the program's name."""
    return found.program in _AUTHENTICATION or (found.program is not None and found.message.startswith("pam_"))
