"""Hashes of values and of bytes, the same in every process."""

from __future__ import annotations

import hashlib

import msgspec

DIGEST_BYTES = 16


def digest_of(value: object) -> str:
    """Return 32 hexadecimal digits for a value that JSON can hold: BLAKE2b of canonical JSON."""
    return digest_of_bytes(msgspec.json.encode(value, order="sorted"))


def digest_of_bytes(data: bytes) -> str:
    """Return 32 hexadecimal digits for bytes: BLAKE2b."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).hexdigest()
