"""Records CloudWatch Logs sends to a delivery stream: opened, and reduced to their messages.

Source: Firehose developer guide, "Decompress CloudWatch Logs", "Extract message after decompression of CloudWatch Logs" and
"Troubleshoot decompression in Firehose".
"""

from __future__ import annotations

import gzip
import io
import json
import zlib

from localrun.delivery.failure import Failure

#: A record of 1 MiB may hold a thousand times as much: beyond this it is refused instead of filling the memory.
MOST_BYTES = 64 * 2**20

_DECOMPRESSION, _EXTRACTION = "Decompression.Failed", "CloudWatchLogProcessing.MessageExtractionFailed"


def decompress(data: bytes) -> bytes | Failure:
    """What is in gzip."""
    try:
        with gzip.open(io.BytesIO(data)) as reader:
            found = reader.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        return Failure(_DECOMPRESSION, f"The record is not gzip: {error}")
    if not found or len(found) > MOST_BYTES:
        return Failure(_DECOMPRESSION, f"The record has {'no' if not found else f'more than {MOST_BYTES}'} bytes in it")
    return found


def messages(data: bytes) -> bytes | Failure:
    """The messages alone, one a line, of a decompressed record: owner, log group, log stream and times are left out."""
    try:
        found = [event["message"] for event in json.loads(data)["logEvents"]]
        return "".join(message + "\n" for message in found).encode()
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
        return Failure(_EXTRACTION, f"The record is not one of CloudWatch Logs, an object with logEvents of messages: {why}")
