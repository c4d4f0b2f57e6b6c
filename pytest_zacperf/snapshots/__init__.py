"""Recordings as syrupy snapshots, from a test's assertion to the end of its session.

``assertion`` is what a fixture hands out, ``order_events`` and ``values`` compare, ``delivery``
keeps what came instead, ``ending`` accepts it where that was asked for, ``files`` says where
recordings lie, and ``names`` asks pytest which ones are used. Nothing is imported here: syrupy is
loaded where something is recorded.
"""
