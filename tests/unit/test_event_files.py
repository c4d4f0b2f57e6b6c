from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zacperf.errors import StoreError
from pytest_zacperf.store import read_rows


def written(folder: Path, content: bytes) -> Path:
    path = folder / "orders"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'[{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]', id="JSON array"),
        pytest.param(b'{"a": "1", "b": "x"}\n\n{"a": "2", "b": "y"}\r\n', id="JSON Lines"),
        pytest.param(b'a,b\r\n1,x\r\n"2","y"\r\n', id="CSV"),
        pytest.param(b"\n a,b\n1,x\n2,y\n".replace(b" ", b"").lstrip(), id="CSV, other line ends"),
    ],
)
def test_rows_are_read_by_what_the_file_begins_with(tmp_path: Path, content: bytes) -> None:
    assert read_rows(written(tmp_path, content)) == [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    assert read_rows(written(tmp_path, b"")) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b'[{"a": 1}, {"a"', " is damaged: Input data was truncated", id="cut array"),
        pytest.param(
            b'{"a": 1}\n{"a"\n', " line 2 is damaged: Input data was trunc", id="cut line"
        ),
        pytest.param(b'{"a": NaN}', " line 1 is damaged: JSON is malformed", id="NaN"),
        pytest.param(b'[{"a": 1e999}]', " is damaged: Number out of range", id="beyond a float"),
        pytest.param(b"[1, 2]", " entry 1 is no order event: 1", id="numbers"),
        pytest.param(b'{"a": 1}\n[1]\n', " line 2 is no order event: [1]", id="a list"),
        pytest.param(b'{"a": 1}\n{"a": "\xff"}\n', " line 2 is no UTF-8", id="not UTF-8"),
        pytest.param(b"a,b\n1\n", " line 2 has not as many fields as the header", id="short row"),
        pytest.param(
            b"a,b\n1,2,3\n", " line 2 has not as many fields as the header", id="long row"
        ),
        pytest.param(b'a,b\n"1,2\n', " near line 1 is damaged: unexpected end of data", id="quote"),
        pytest.param(b"what is this\n", " holds no order events", id="text"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, content: bytes, problem: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(StoreError) as raised:
        read_rows(path)
    assert raised.value.problem.startswith(f"{path}{problem}")


def test_a_line_of_ten_megabytes_is_no_long_message(tmp_path: Path) -> None:
    path = written(tmp_path, b'{"a": "' + b"x" * 10_000_000)
    with pytest.raises(StoreError) as raised:
        read_rows(path)
    assert len(str(raised.value)) < 500


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read: No such file or directory"):
        read_rows(tmp_path / "missing")
