"""The embedded reference backtest: an intraday stop-entry strategy on US equities."""
