"""JSON lists taken apart record by record, so that one malformed record costs one record, never its page.

Not here: what a record means (huggingface).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

_LIST = msgspec.json.Decoder(list[msgspec.Raw])
# Unrolled and possessive: (?:[^"\\]|\\.)* needs 3.6 GB for one string of 30 MB. A quote that nothing closes is a token of its own.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)
_OUTER_COMMA_DEPTH = 1


def split(body: bytes) -> Sequence[msgspec.Raw | bytes]:
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


def _split_by_brackets(body: bytes) -> list[bytes]:
    records, depth, start = [], 0, 0
    for token in _TOKEN.finditer(body):
        sign = token[0]
        if sign == b'"':
            break
        if sign in b"[{":
            depth += 1
            if depth == _OUTER_COMMA_DEPTH:
                start = token.end()
        elif sign == b"," and depth == _OUTER_COMMA_DEPTH:
            records.append(body[start : token.start()].strip())
            start = token.end()
        elif sign in b"]}":
            depth -= 1
            if depth == 0:
                if sign != b"]" or body[token.end() :].strip():
                    break
                last = body[start : token.start()].strip()
                return [*records, last] if last else records
    raise ValueError(f"the body is cut off or has more than one list ({len(body):,} bytes)")
