"""A strategy on synthetic bars for each engine: what tests run, and what users may copy."""
