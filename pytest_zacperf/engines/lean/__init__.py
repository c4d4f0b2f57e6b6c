"""QuantConnect Lean: its results, and three ways to run it; loads no Docker before it is needed."""
