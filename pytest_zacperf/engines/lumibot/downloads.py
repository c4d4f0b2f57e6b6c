"""Downloads from DataBento: timed and counted inside its client, and none may have failed."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from pytest_zacperf.engines import Context
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import DOWNLOAD_BYTES, DOWNLOAD_REQUESTS, DOWNLOAD_STAGE
from pytest_zacperf.sentences import cut, error_sentence

# Each of them makes one request; all that the client does goes through one of them.
REQUESTS = ("_get", "_post", "_stream")
LONGEST_FAILURE = 200
BLOCK_BYTES = 1 << 20


@contextlib.contextmanager
def watched_downloads(context: Context, gateway: str | None) -> Iterator[None]:
    """Time and count what the block downloads from DataBento.

    Args:
        context: Gets the stage and the counts.
        gateway: Where to download from; None for DataBento's own.

    Raises:
        EngineError: A download failed. LumiBot logs that and goes on without data, which is fast.

    """
    context.count(DOWNLOAD_REQUESTS, 0)
    context.count(DOWNLOAD_BYTES, 0)
    if importlib.util.find_spec("databento") is None:
        yield
        return
    downloads = _Downloads(context)
    with contextlib.ExitStack() as stack:
        downloads.watch(stack, gateway)
        try:
            yield
        except BaseException as e:
            # What it broke is a consequence; and a run that a time limit ended is no result either.
            downloads.require_complete(e)
            raise
    downloads.require_complete(None)


class _Downloads:
    """What the client has done so far; after a failure it does nothing any more."""

    def __init__(self, context: Context) -> None:
        self.failure: str | None = None
        self._context = context

    def watch(self, stack: contextlib.ExitStack, gateway: str | None) -> None:
        """Put this between the client and its requests, for as long as the stack is open."""
        from databento import Historical  # noqa: PLC0415 - an extra
        from databento.common.http import BentoHttpAPI  # noqa: PLC0415

        make = self._making(Historical.__init__, gateway)
        stack.enter_context(mock.patch.object(Historical, "__init__", make))
        for name in REQUESTS:
            original = getattr(BentoHttpAPI, name, None)
            if original is None:
                raise EngineError(
                    f"this version of databento has no {name}: its requests cannot be counted",
                    "install a databento that lumibot of this extra asks for",
                )
            stack.enter_context(mock.patch.object(BentoHttpAPI, name, self._watched(original)))

    def require_complete(self, error: BaseException | None) -> None:
        """Refuse a run of which a download failed.

        Raises:
            EngineError: It says which, and how.

        """
        if self.failure is not None:
            raise EngineError(
                f"a download failed: {self.failure}",
                "this is no result; run it again when the gateway answers",
            ) from error

    def _making(self, make: Callable[..., None], gateway: str | None) -> Callable[..., None]:
        """Return what makes a client: LumiBot has no way to say which gateway."""
        own = {} if gateway is None else {"gateway": gateway}

        def making(client: Any, key: Any = None, *its: Any, **keywords: Any) -> None:  # noqa: ANN401
            try:
                make(client, key, *([] if own else its), **{**keywords, **own})
            except Exception as e:
                self.failure = cut(f"no client: {error_sentence(e)}", LONGEST_FAILURE)
                raise

        return making

    def _watched(self, request: Callable[..., Any]) -> Callable[..., Any]:
        def watched(client: Any, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401
            if self.failure is not None:
                # The run is lost, and LumiBot would ask again in each iteration; requests are paid.
                raise EngineError(f"not tried: {self.failure}", "see the first failure")
            with self._context.stage(DOWNLOAD_STAGE):
                self._context.count(DOWNLOAD_REQUESTS, 1)
                try:
                    received = request(client, *arguments, **keywords)
                    self._context.count(DOWNLOAD_BYTES, _size(received))
                except Exception as e:
                    self.failure = _failure(arguments, keywords, e)
                    raise
            return received

        return watched


def _size(received: Any) -> int:  # noqa: ANN401 - of databento
    """Return how many bytes came; raise where a stream of records breaks off."""
    if hasattr(received, "content"):
        return len(received.content)
    raw: bytes = received.raw
    _require_whole(raw)
    return len(raw)


def _require_whole(raw: bytes) -> None:
    # The client decodes as far as it can and says nothing of what is missing. Nobody pays twice for
    # this: it counts as download.
    import zstandard  # noqa: PLC0415 - comes with databento

    decompressor = zstandard.ZstdDecompressor()
    rest = raw
    while rest:  # a stream may have several frames
        frame = decompressor.decompressobj()
        for start in range(0, len(rest), BLOCK_BYTES):
            frame.decompress(rest[start : start + BLOCK_BYTES])
            if frame.eof:
                rest = frame.unused_data + rest[start + BLOCK_BYTES :]
                break
        else:
            raise EngineError(f"the data end after {len(raw)} bytes, in the middle", "run it again")


def _failure(arguments: tuple[Any, ...], keywords: dict[str, Any], error: Exception) -> str:
    url = str(keywords.get("url") or (arguments[0] if arguments else ""))
    what = url.rpartition("/")[2]
    asked = keywords.get("data") or {}
    symbols = asked.get("symbols") if isinstance(asked, dict) else None
    schema = asked.get("schema") if isinstance(asked, dict) else None
    named = " ".join(str(part) for part in (what, symbols, schema) if part)
    return cut(f"{named}: {error_sentence(error)}", LONGEST_FAILURE)
