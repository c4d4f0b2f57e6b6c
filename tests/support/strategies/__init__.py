"""Strategies that do one odd thing after the other, by the number of the bar, for each engine."""
