"""Ends what a killed supervisor left behind.

The supervisor starts this program with a pipe to its standard input and writes a line for every process group it starts or has
ended. When the supervisor is gone, however it went, the pipe closes, and what is still registered is ended. Standard library
only, so that it starts at once and holds little memory.
"""

from __future__ import annotations

import os
import signal
import sys
import time

#: Between asking a group to end and killing it: enough to flush a log, too short to notice.
GRACE_SECONDS = 2.0


def main() -> None:
    groups: set[int] = set()
    for line in sys.stdin:
        change, group = line[0], int(line[1:])
        if change == "+":
            groups.add(group)
        else:
            groups.discard(group)
    deadline = time.monotonic() + GRACE_SECONDS
    remaining = {group for group in groups if send(group, signal.SIGTERM)}
    while remaining and time.monotonic() < deadline:
        time.sleep(0.05)
        remaining = {group for group in remaining if send(group, 0)}
    for group in remaining:
        send(group, signal.SIGKILL)


def send(group: int, signal_number: int) -> bool:
    """Signal a process group (0 only looks); False when it is gone."""
    try:
        os.killpg(group, signal_number)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    # Ctrl-C and a closing terminal reach the supervisor too; this program's work begins when it has ended.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    main()
