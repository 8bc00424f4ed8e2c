"""S3: a range of a version. MiniStack gives a range of the current object, and of a version always the whole."""

from __future__ import annotations

from typing import Any

from ministack.services import s3

from localrun.emulator.layout import replace, require

Answer = tuple[int, dict[str, str], Any]


def correct() -> None:
    parse = require(s3, "_parse_range")
    refusal = require(s3, "_range_error_xml")
    write = require(s3, "_xml_body")
    original = require(s3, "_get_object")

    def get_object(bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None) -> Answer:
        status, sent, body = original(bucket, key, headers, query)
        asked = headers.get("range", "")
        if status != 200 or not asked:
            return status, sent, body
        found = parse(asked, len(body))
        if found is None:
            total = {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"}
            return 416, total, write(refusal(bucket, key))
        begin, end = found
        part = body[begin : end + 1]
        # A checksum of the whole says nothing of a part.
        kept = {name: value for name, value in sent.items() if not name.lower().startswith("x-amz-checksum")}
        kept |= {"Content-Length": str(len(part)), "Content-Range": f"bytes {begin}-{end}/{len(body)}"}
        return 206, kept, part

    replace(s3, "_get_object", get_object)
