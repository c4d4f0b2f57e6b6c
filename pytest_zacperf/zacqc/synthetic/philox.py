"""Random words that depend on a purpose, a ticker and a date and on nothing else; knows no prices.

NumPy keeps the raw words of its bit generators stable between versions, and only those: whatever
is drawn from them is integer arithmetic of our own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.random import Philox
from numpy.typing import NDArray


def raw_words(purpose: str, ticker: str, day: str, *, count: int) -> NDArray[np.uint64]:
    """Return random 64-bit words that depend on the four arguments and on nothing else."""
    name = f"{purpose}|{ticker}|{day}".encode()
    key = int.from_bytes(hashlib.blake2b(name, digest_size=16).digest(), "little")
    return Philox(key=key).random_raw(count)


class Dice:
    """Throws dice for one purpose; every throw uses up one word.

    Args:
        purpose: Separates streams of one ticker and day.
        ticker: The symbol.
        day: ISO date, or empty.
        count: The greatest number of throws.

    """

    def __init__(self, purpose: str, ticker: str, day: str = "", *, count: int = 16) -> None:
        self._words: Iterator[int] = iter(raw_words(purpose, ticker, day, count=count).tolist())

    def between(self, lowest: int, highest: int) -> int:
        """Return an integer between two limits, both inclusive."""
        return lowest + next(self._words) % (highest - lowest + 1)

    def from_bands(self, bands: tuple[tuple[int, int, int], ...]) -> int:
        """Return an integer from one of the bands (weight in percent, lowest, highest)."""
        left = self.between(0, 99)
        for weight, lowest, highest in bands:
            left -= weight
            if left < 0:
                return self.between(lowest, highest)
        raise ValueError(f"the weights of {bands} do not add up to 100")
