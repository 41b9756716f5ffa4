"""JSON lists taken apart record by record, so that one malformed record costs one record, never its page.

Not here: what a record means (huggingface).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

Record = msgspec.Raw | bytes
"""One record of a list, still encoded."""

_LIST = msgspec.json.Decoder(list[msgspec.Raw])
# Unrolled and possessive: (?:[^"\\]|\\.)* needs 3.6 GB for one string of 30 MB. A quote that nothing closes is a token of its own.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|([\[{])|([\]}])|(,)|(")', re.DOTALL)
_OPENING, _CLOSING, _COMMA, _OPEN_QUOTE = 1, 2, 3, 4
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT_VALUE = re.compile(rb'\s*:\s*("[^"\\]*+(?:\\.[^"\\]*+)*+")', re.DOTALL)
_ANY = msgspec.json.Decoder(msgspec.Raw)
_EDGE = b"},{"
MOST_GUESSES = 16
NEAR_BYTES = 64 * 1024


def split(body: bytes) -> Sequence[Record]:
    """Split a JSON list into its records, still encoded.

    Raises ValueError when the body is not a whole JSON list. A list whose brackets close, but with a record inside that
    JSON forbids (a lone surrogate, NaN, nesting thousands deep), is still split: that record fails later, alone.
    """
    try:
        return _LIST.decode(body)
    except msgspec.ValidationError as error:
        raise ValueError(f"the body is not a list ({error})") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        if not body.lstrip().startswith(b"["):
            raise ValueError("the body is not JSON") from error
        return _split_by_brackets(body)


def count(body: bytes) -> int:
    """Count the records of a JSON list. Raises ValueError like `split`, or when not one record is an object."""
    records = split(body)
    if records and not any(bytes(memoryview(record)[:1]) == b"{" for record in records):
        raise ValueError("not one record of the list is an object")
    return len(records)


def keys(record: Record) -> Sequence[str]:
    """Name the keys of a record; none for one that is no readable object."""
    try:
        return list(_OBJECT.decode(record))
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return []


def text(record: Record, key: str) -> str | None:
    """Find a text under a key of a record that can't be decoded as a whole; None where it says none. Not of what lies deeper."""
    body, depth, wanted = bytes(record), 0, f'"{key}"'.encode()
    for token in _TOKEN.finditer(body):
        sign = token[0]
        depth += (sign in b"[{") - (sign in b"]}")
        if depth == 1 and sign == wanted and (value := _TEXT_VALUE.match(body, token.end())):
            return _decoded(value[1])
    return None


def _decoded(value: bytes) -> str | None:
    try:
        return msgspec.json.decode(value, type=str)
    except (ValueError, msgspec.MsgspecError):
        return None


def _split_by_brackets(body: bytes) -> list[bytes]:
    records: list[bytes] = []
    start = body.index(b"[") + 1
    while True:
        end = _end_of_record(body, start)
        record = body[start:end].strip()
        start = end + 1
        if body[end:start] == b"]":
            break
        records.append(record)
    if body[start:].strip():
        raise ValueError(f"the body is followed by more ({len(body):,} bytes)")
    return [*records, record] if record else records


def _end_of_record(body: bytes, start: int) -> int:
    """Find where the record at `start` ends. Brackets are counted only where no edge nearby is the end: that takes 100 times as long.

    An edge stands between two records of a compact list, but also within some. What is whole JSON from the start of a
    record to an edge can only be that record.
    """
    view, edge = memoryview(body), start
    for _guess in range(MOST_GUESSES):
        edge = body.find(_EDGE, edge, start + NEAR_BYTES) + 1
        if not edge:
            break
        if _is_json(view[start:edge]):
            return edge
    return _end_by_brackets(body, start)


def _is_json(text: memoryview) -> bool:
    try:
        _ANY.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return True


def _end_by_brackets(body: bytes, start: int) -> int:
    depth = 0
    for token in _TOKEN.finditer(body, start):
        sign = token.lastindex
        if sign == _OPENING:
            depth += 1
        elif sign == _CLOSING and depth > 0:
            depth -= 1
        elif depth == 0 and (sign == _COMMA or token[0] == b"]"):
            return token.start()
        elif sign in (_CLOSING, _OPEN_QUOTE):
            break
    raise ValueError(f"the body is cut off or closes more than it opens ({len(body):,} bytes)")
