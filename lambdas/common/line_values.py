"""Readers for the values of lines, which are text, and of which the same come again and again: each is read once.

What differs from line to line, such as the packets of a flow, is better left to its kind's own reader.
"""

from __future__ import annotations

from common import kinds, web_access
from common.cache import remembered

address = remembered(16_384)(kinds.IP.read)
port = remembered(65_536)(kinds.PORT.read)
#: Of a status, a size, or a time in whole milliseconds.
whole = remembered(16_384)(kinds.WHOLE.read)
number = remembered(16_384)(kinds.NUMBER.read)
status = remembered(1_024)(web_access.status)
seconds = remembered(16_384)(web_access.seconds)
nanoseconds = remembered(16_384)(web_access.nanoseconds)
http_version = remembered(64)(web_access.http_version)
