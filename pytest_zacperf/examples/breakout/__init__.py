"""The opening-range breakout, once for each engine, as its users write it: without types."""
