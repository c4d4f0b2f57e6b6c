"""Which data a run of LEAN read: the files that its data monitor lists, and their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pytest_zacperf.digest import DIGEST_BYTES

LISTS = "succeeded-data-requests-*.txt"


def data_fingerprint(output: Path, data: Path) -> str | None:
    """Return the hash of all data that were read: paths and contents; None where nothing says it.

    Args:
        output: Folder of the results.
        data: The data folder.

    """
    names = sorted(set(_requested(output)))
    if not names:
        return None
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for name in names:
        file = data / name
        digest.update(name.encode() + b"\0")
        if file.is_file():
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "blake2b").digest())
    return digest.hexdigest()


def _requested(output: Path) -> Iterator[str]:
    for path in output.glob(LISTS):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            # An entry of a zip file is named behind it: equity/usa/minute/spy/x.zip#x.csv.
            name = line.strip().partition("#")[0]
            for place in ("/Lean/Data/", "../../../Data/"):
                name = name.removeprefix(place)
            if name:
                yield name.lstrip("/")
