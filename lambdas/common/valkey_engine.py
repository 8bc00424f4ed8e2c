"""What the engine logs of Valkey and Redis OSS say in signs: who wrote an entry, and how serious it is.

Source: Valkey, `serverLogRaw` (https://github.com/valkey-io/valkey/blob/unstable/src/server.c).
"""

from __future__ import annotations

ROLES = {"M": "primary", "S": "replica", "C": "child", "X": "sentinel"}
LEVELS = {".": "debug", "-": "verbose", "*": "notice", "#": "warning"}
