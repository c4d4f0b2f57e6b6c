"""A stand-in for DataBento's gateway: TLS on loopback, real DBN bytes, faults on request.

Run it as a script, in a process of its own, where databento_dbn is installed. It prints its port.
What it shall do is in a file that is read at each request, and what it was asked for is added to
another: see ``databento_project``.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import databento_dbn as dbn
import zstandard
from support.databento_gateway_key import KEY

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
CENTRAL = ZoneInfo("America/Chicago")
PRICE_SCALE = 1_000_000_000
LEVEL, SWING, TICK = 5_000, 40, 0.25
MULTIPLIER = 5
INSTRUMENT, PUBLISHER = 42_140_864, 1

OHLCV = {"ohlcv-1m": (MINUTE, dbn.RType.OHLCV_1M), "ohlcv-1d": (DAY, dbn.RType.OHLCV_1D)}


def moments(start: dt.datetime, end: dt.datetime, step: dt.timedelta) -> Iterator[dt.datetime]:
    """Yield when bars begin: on weekdays, and not in the hour that the exchange is closed."""
    moment = start
    while moment < end:
        local = moment.astimezone(CENTRAL)
        if local.weekday() < 5 and local.hour != 16:
            yield moment
        moment += step


def price(moment: dt.datetime) -> float:
    """Return the price at a moment: it goes up and down three times a day."""
    minutes = int(moment.timestamp() // 60)
    phase = minutes % 480 / 480
    return LEVEL + round(SWING * abs(2 * phase - 1) / TICK) * TICK + minutes % 7 * TICK


def bars(symbol: str, schema: str, start: dt.datetime, end: dt.datetime) -> bytes:
    """Return bars as DBN."""
    step, rtype = OHLCV[schema]
    records = [metadata(symbol, schema, start, end)]
    for moment in moments(start, end, step):
        prices = sorted((price(moment), price(moment + step)))
        values = (price(moment), prices[1] + TICK, prices[0] - TICK, price(moment + step))
        records.append(
            bytes(
                dbn.OHLCVMsg(
                    rtype,
                    PUBLISHER,
                    INSTRUMENT,
                    nanoseconds(moment),
                    *(int(value * PRICE_SCALE) for value in values),
                    volume=100 + moment.minute,
                )
            )
        )
    return b"".join(records)


def definition(symbol: str, start: dt.datetime, end: dt.datetime, multiplier: int) -> bytes:
    """Return the definition of a contract as DBN."""
    record = dbn.InstrumentDefMsg(
        publisher_id=PUBLISHER,
        instrument_id=INSTRUMENT,
        ts_event=nanoseconds(start),
        ts_recv=nanoseconds(start),
        min_price_increment=int(TICK * PRICE_SCALE),
        display_factor=PRICE_SCALE,
        raw_symbol=symbol,
        asset=symbol[:-2],
        security_type="FUT",
        instrument_class=dbn.InstrumentClass.FUTURE,
        security_update_action=dbn.SecurityUpdateAction.ADD,
        unit_of_measure_qty=multiplier * PRICE_SCALE,
        currency="USD",
        exchange="XCME",
    )
    return metadata(symbol, "definition", start, end) + bytes(record)


def metadata(symbol: str, schema: str, start: dt.datetime, end: dt.datetime) -> bytes:
    """Return the beginning of a DBN stream."""
    interval = SimpleNamespace(
        start_date=start.date(), end_date=end.date() + DAY, symbol=str(INSTRUMENT)
    )
    mapping = SimpleNamespace(raw_symbol=symbol, intervals=[interval])
    return bytes(
        dbn.Metadata(
            dataset="GLBX.MDP3",
            start=nanoseconds(start),
            end=nanoseconds(end),
            stype_in=dbn.SType.RAW_SYMBOL,
            stype_out=dbn.SType.INSTRUMENT_ID,
            schema=dbn.Schema.from_str(schema),
            symbols=[symbol],
            mappings=[mapping],
        )
    )


def nanoseconds(moment: dt.datetime) -> int:
    """Return ns since 1970."""
    return int(moment.timestamp()) * 1_000_000_000


def asked_moment(text: str) -> dt.datetime:
    """Return a time as the API reads it: UTC where it has no zone."""
    if text.isdigit():
        return dt.datetime.fromtimestamp(int(text) / 1e9, dt.UTC)
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


class Handler(BaseHTTPRequestHandler):
    """Answers as the gateway does, or as the wish says."""

    protocol_version = "HTTP/1.1"
    wishes = Path()
    requests = Path()
    definitions = 0

    def do_GET(self) -> None:
        """Answer what there is of a dataset."""
        found = {"start": "2010-06-06", "end": "2026-01-01T00:00:00.000000000Z"}
        self._answer(json.dumps({**found, "schema": {}}).encode(), "application/json")

    def do_POST(self) -> None:
        """Answer a range of a time series."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        start, end = asked_moment(form["start"]), asked_moment(form["end"])
        if form["schema"] == "definition":
            stream = definition(form["symbols"], start, end, self._multiplier())
        else:
            stream = bars(form["symbols"], form["schema"], start, end)
        self._answer(zstandard.compress(stream), "application/octet-stream", form)

    def _answer(self, body: bytes, kind: str, form: dict[str, str] | None = None) -> None:
        wish = json.loads(self.wishes.read_text())
        self._note(form or {})
        time.sleep(wish.get("delay_s", 0))
        is_wished = wish.get("schema") in {None, (form or {}).get("schema")}
        if "status" in wish and is_wished:
            self._refuse(int(wish["status"]))
            return
        if not self._is_allowed():
            self._refuse(401)
            return
        sent = (
            len(body) * 2 // 3 if is_wished and {"truncate", "vanish", "cut"} & set(wish) else None
        )
        # A proxy that cuts a stream off does not know how long it was.
        length = sent if sent is not None and "truncate" in wish else len(body)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body[:sent])
        if sent is not None and "truncate" not in wish:
            self.wfile.flush()
            if "vanish" in wish:
                os._exit(1)
            self.close_connection = True

    def _multiplier(self) -> int:
        """Return what the wish says for this definition: a list has one for each in turn."""
        wished: list[int] = json.loads(self.wishes.read_text()).get("multipliers", [MULTIPLIER])
        type(self).definitions += 1
        return wished[min(type(self).definitions, len(wished)) - 1]

    def _is_allowed(self) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        # The dataset's range is asked for with a key, too.
        return base64.b64decode(given).decode() == f"{KEY}:"

    def _refuse(self, status: int) -> None:
        body = json.dumps({"detail": f"the stand-in says {status}"}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _note(self, form: dict[str, str]) -> None:
        asked = {"path": urlsplit(self.path).path, **form}
        with self.requests.open("a") as log:
            log.write(json.dumps(asked) + "\n")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Say nothing."""


def main(folder: Path) -> None:
    """Serve until the parent is gone."""
    Handler.wishes, Handler.requests = folder / "wish.json", folder / "requests.jsonl"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()  # ends with the process that holds the other end


if __name__ == "__main__":
    main(Path(sys.argv[1]))
