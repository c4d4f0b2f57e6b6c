"""Where the time of a stream goes: from bar to bar, past halts and closes, into later sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_zacperf.calendars import Session
from pytest_zacperf.properties.segments import Gap
from pytest_zacperf.properties.sessions import with_halts


class NoSessionLeft(Exception):  # noqa: N818 - it is the end, and no error
    """The last session is over."""


@dataclass(slots=True)
class Clock:
    """The start of the next bar.

    A copy goes on by itself.

    Attributes:
        sessions: That may follow each other.
        interval_ns: Length of a bar.
        position: Of the present session.
        session: The present one, with its halts.
        now_ns: When the next bar starts.
        is_over: Whether there is no next bar.

    """

    sessions: Sequence[Session]
    interval_ns: int
    position: int
    session: Session
    now_ns: int = 0
    is_over: bool = False

    def __post_init__(self) -> None:
        self.now_ns = self.session.open_ns
        self._settle()

    def tick(self) -> None:
        """Go on by a bar.

        Raises:
            NoSessionLeft: That was the last bar of all.

        """
        self.now_ns += self.interval_ns
        self._settle()

    def let_pass(self, gap: Gap) -> None:
        """Go on without bars, as far as a gap says.

        Raises:
            NoSessionLeft: It goes beyond the last session.

        """
        session, length_ns = self.session, gap.count * self.interval_ns
        if gap.to == "intervals":
            self.now_ns += length_ns
        elif gap.to == "percent":
            self._go_to(session.open_ns + (session.close_ns - session.open_ns) * gap.count // 100)
        elif gap.to == "close":
            self._go_to(session.close_ns - length_ns)
        else:
            ahead = (begin for begin, _ in session.halts if begin > self.now_ns)
            self._go_to(next(ahead, self.now_ns) - self.interval_ns)
        self._settle()

    def enter(self, position: int, halts: Sequence[tuple[int, int]] = ()) -> None:
        """Go to the open of a later session.

        Raises:
            NoSessionLeft: There is none.

        """
        if position >= len(self.sessions):
            self.is_over = True
            raise NoSessionLeft
        self.position = position
        self.session = with_halts(self.sessions[position], halts)
        self.now_ns = self.session.open_ns
        self._settle()

    def _go_to(self, instant_ns: int) -> None:
        self.now_ns = max(self.now_ns, self._on_grid(instant_ns))

    def _settle(self) -> None:
        """Go on to the next time at which there may be a bar."""
        for begin, end in self.session.halts:
            if begin <= self.now_ns < end:
                self.now_ns = self._on_grid(end)
        # A bar at the open is always one: daily bars are longer than their session.
        is_closed = self.now_ns + self.interval_ns > self.session.close_ns
        if is_closed and self.now_ns > self.session.open_ns:
            self.enter(self.position + 1)

    def _on_grid(self, instant_ns: int) -> int:
        """Return the first bar's start at or after an instant."""
        since_open = max(0, instant_ns - self.session.open_ns)
        return self.session.open_ns + -(-since_open // self.interval_ns) * self.interval_ns


def bars_in(session: Session, interval_ns: int) -> int:
    """Return how many bars a session holds when trading is never halted."""
    return max(1, (session.close_ns - session.open_ns) // interval_ns)
