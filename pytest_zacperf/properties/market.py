"""What a stream is: bars, and what is done between them, as plain data; draws and checks nothing.

A stream prints as a table, and the table is Python that gives the stream again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Literal, get_args, overload
from zoneinfo import ZoneInfo

import msgspec

from pytest_zacperf.properties.tables import (
    Printer,
    format_table,
    parse_table,
    print_call,
    table_error,
)

NEW_YORK = "America/New_York"
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
NS_PER_MICROSECOND = 1_000


class Bar(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One bar of one symbol: ``low <= open, close <= high``, unless all four are NaN.

    Attributes:
        symbol: The ticker.
        session: The trading session it belongs to, as the exchange dates it.
        start_ns: First instant of the bar in ns since 1970 UTC, whole microseconds; a bar is known
            at its end.
        open: First price, like the others in account currency.
        high: Highest price.
        low: Lowest price.
        close: Last price.
        volume: Shares or contracts; 0 where nothing traded and the price was filled forward.
        zone: Time zone of the exchange.

    """

    symbol: str = "A"
    session: dt.date
    start_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: int
    zone: str = NEW_YORK

    @property
    def local_time(self) -> dt.datetime:
        """The bar's start in the time zone of the exchange."""
        instant = EPOCH + dt.timedelta(microseconds=self.start_ns // NS_PER_MICROSECOND)
        return instant.astimezone(ZoneInfo(self.zone))


Kind = Literal["bar", "duplicate", "revision", "late", "reset", "snapshot", "restore"]
KINDS: tuple[Kind, ...] = get_args(Kind)
WITH_BAR = frozenset[Kind]({"bar", "duplicate", "revision", "late"})


class Operation(msgspec.Struct, frozen=True, gc=False):
    """One thing that is done to an indicator.

    Attributes:
        kind: ``bar`` brings the next bar; ``duplicate`` brings one again as it was, ``revision``
            one again with other values, ``late`` one that is older than the newest. ``reset``
            starts all over, ``snapshot`` keeps the state and ``restore`` goes back to it.
        bar: What is brought; None for the other three.

    """

    kind: Kind
    bar: Bar | None = None

    def __post_init__(self) -> None:
        """Refuse a bar where none belongs, and none where one does."""
        if self.kind not in KINDS or (self.bar is None) == (self.kind in WITH_BAR):
            raise ValueError(f"there is no operation {self.kind!r} with {self.bar!r}")


class BarStream(Sequence[Bar]):
    """Bars in the order in which they arrive, and what is done between them.

    As a sequence it is its bars alone; those after a restore go on where its snapshot was.

    Args:
        operations: In order.

    Attributes:
        operations: In order.

    Raises:
        ValueError: The bars are of more than one time zone; a table has one.

    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = tuple(operations)
        self._bars = tuple(done.bar for done in self.operations if done.bar is not None)
        zones = {bar.zone for bar in self._bars}
        if len(zones) > 1:
            raise ValueError(f"bars of one stream are of one time zone, not {sorted(zones)}")

    @overload
    def __getitem__(self, index: int) -> Bar: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Bar, ...]: ...

    def __getitem__(self, index: int | slice) -> Bar | tuple[Bar, ...]:
        return self._bars[index]

    def __len__(self) -> int:
        return len(self._bars)

    def __iter__(self) -> Iterator[Bar]:
        return iter(self._bars)

    def __eq__(self, other: object) -> bool:
        # NaN is no other price than NaN.
        return isinstance(other, BarStream) and (
            self.operations == other.operations or repr(self) == repr(other)
        )

    def __hash__(self) -> int:
        return hash(tuple(done.kind for done in self.operations))

    def __repr__(self) -> str:
        lines = format_table(header_of(self._bars), [row_of(done) for done in self.operations])
        return "\n".join(['bar_table("""', *(f"    {line}" for line in lines), '""")'])

    def _repr_pretty_(self, printer: Printer, _: bool) -> None:
        print_call(repr(self), printer)


NAMES = ("operation", "symbol", "session")
PRICES = ("open", "high", "low", "close", "volume")
NOTHING = "-"


def header_of(bars: Sequence[Bar]) -> tuple[str, ...]:
    """Return the names of a table's columns; the column of times is named by its zone."""
    return (*NAMES, bars[0].zone if bars else NEW_YORK, *PRICES)


def row_of(operation: Operation) -> tuple[str, ...]:
    """Return an operation as the cells of its row."""
    bar = operation.bar
    if bar is None:
        return (operation.kind, *[NOTHING] * (len(NAMES) + len(PRICES)))
    return (
        operation.kind,
        bar.symbol,
        str(bar.session),
        bar.local_time.isoformat(),
        # Of whatever type recorded numbers are: NumPy's print as calls.
        *(repr(float(price)) for price in (bar.open, bar.high, bar.low, bar.close)),
        str(bar.volume),
    )


def bar_table(text: str) -> BarStream:
    """Return the stream that a printed table shows.

    Args:
        text: A line of column names, then a line for each operation, as a failed check prints it.

    Raises:
        ValueError: A line is not one of such a table.

    """
    header, *rows = parse_table(text, columns=len(NAMES) + 1 + len(PRICES))
    zone = header[len(NAMES)]
    if (*header[: len(NAMES)], *header[len(NAMES) + 1 :]) != (*NAMES, *PRICES):
        raise table_error(header, f"a table begins with {' '.join((*NAMES, 'ZONE', *PRICES))}")
    return BarStream([_operation(cells, zone) for cells in rows])


def _operation(cells: Sequence[str], zone: str) -> Operation:
    kind, symbol, session, start, opened, high, low, close, volume = cells
    found = next((known for known in KINDS if known == kind), None)
    if found is None:
        raise table_error(cells, f"{kind!r} is no operation; there are {', '.join(KINDS)}")
    if found not in WITH_BAR:
        return Operation(found)
    try:
        since = dt.datetime.fromisoformat(start) - EPOCH
        bar = Bar(
            symbol=symbol,
            session=dt.date.fromisoformat(session),
            start_ns=since // dt.timedelta(microseconds=1) * NS_PER_MICROSECOND,
            open=float(opened),
            high=float(high),
            low=float(low),
            close=float(close),
            volume=int(volume),
            zone=zone,
        )
    except (ValueError, TypeError) as e:  # TypeError: a time without an offset
        raise table_error(cells, str(e)) from e
    return Operation(found, bar)
