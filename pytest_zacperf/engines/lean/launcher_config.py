"""The configuration of LEAN's launcher for a local backtest, complete and no larger than needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

ENGINE = "QuantConnect.Lean.Engine"
HANDLERS = {
    "log-handler": "QuantConnect.Logging.CompositeLogHandler",
    "messaging-handler": "QuantConnect.Messaging.Messaging",
    "job-queue-handler": "QuantConnect.Queues.JobQueue",
    "api-handler": "QuantConnect.Api.Api",
    "map-file-provider": "QuantConnect.Data.Auxiliary.LocalDiskMapFileProvider",
    "factor-file-provider": "QuantConnect.Data.Auxiliary.LocalDiskFactorFileProvider",
    "data-provider": f"{ENGINE}.DataFeeds.DefaultDataProvider",
    "object-store": f"{ENGINE}.Storage.LocalObjectStore",
    "data-aggregator": f"{ENGINE}.DataFeeds.AggregationManager",
}
BACKTESTING = {
    "live-mode": False,
    "setup-handler": f"{ENGINE}.Setup.BacktestingSetupHandler",
    "result-handler": f"{ENGINE}.Results.BacktestingResultHandler",
    "data-feed-handler": f"{ENGINE}.DataFeeds.FileSystemDataFeed",
    "real-time-handler": f"{ENGINE}.RealTime.BacktestingRealTimeHandler",
    "history-provider": [f"{ENGINE}.HistoricalData.SubscriptionDataReaderHistoryProvider"],
    "transaction-handler": f"{ENGINE}.TransactionHandlers.BacktestingTransactionHandler",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LauncherConfig:
    """What the launcher runs; paths are as it sees them.

    Attributes:
        algorithm: The algorithm's file, or its DLL.
        type_name: Name of the module, or of the class in the DLL.
        language: ``Python`` or ``CSharp``.
        data: The data folder.
        results: Where the results go.
        storage: Of the object store.
        algorithm_id: Names the result files.
        parameters: Lean parameters.
        python_paths: Folders that the algorithm imports from.

    """

    algorithm: str
    type_name: str
    language: str
    data: str
    results: str
    storage: str
    algorithm_id: int
    parameters: Mapping[str, str] = field(default_factory=dict)
    python_paths: tuple[str, ...] = ()

    def write(self, file: Path) -> None:
        """Write it as a JSON file."""
        file.write_bytes(msgspec.json.format(msgspec.json.encode(self._content())))

    def _content(self) -> dict[str, object]:
        return {
            "environment": "backtesting",
            "algorithm-language": self.language,
            "algorithm-type-name": self.type_name,
            "algorithm-location": self.algorithm,
            "algorithm-id": str(self.algorithm_id),
            "data-folder": self.data,
            "results-destination-folder": self.results,
            "object-store-root": self.storage,
            # Without it the launcher waits for a key at the end.
            "close-automatically": True,
            "composer-dll-directory": ".",
            "debug-mode": False,
            "parameters": dict(self.parameters),
            "python-additional-paths": list(self.python_paths),
            **HANDLERS,
            "job-user-id": "0",
            "api-access-token": "",
            "job-organization-id": "",
            "environments": {"backtesting": BACKTESTING},
        }
