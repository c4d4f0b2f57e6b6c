"""Tests for what users build on this package: whether an engine keeps what it promises."""

from __future__ import annotations

from pytest_zacperf.testing.conformance import EngineConformance

__all__ = ["EngineConformance"]
