from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_zacperf.plan.text import find, line_of, repeated_key, with_value, without_member

TEXT = """{
  "meta": { "clock_type": "WALL" },

  "runs": [
    { "id": "a", "speed": 1.50 },

    { "id": "b",   "tags": ["x"] }
  ],
  "results": {}
}
"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("meta", "clock_type"), 2),
        (("runs", 0), 5),
        (("runs", 1, "tags", 0), 7),
        (("runs", 1, "speed"), 7),  # it has none
        (("results",), 9),
    ],
)
def test_a_place_has_its_line_or_that_of_what_is_nearest(
    path: tuple[str | int, ...], line: int
) -> None:
    assert line_of(TEXT, path) == line


def test_a_value_is_replaced_and_all_else_stays_as_it_was_written() -> None:
    changed = with_value(TEXT, ("runs", 1), {"id": "b", "status": "done"})
    assert changed == TEXT.replace(
        '{ "id": "b",   "tags": ["x"] }', '{ "id": "b", "status": "done" }'
    )


def test_an_empty_object_gets_its_first_member_on_a_line_of_its_own() -> None:
    changed = with_value(TEXT, ("results", "a"), {"wall": 1.5, "run": {"id": "r"}})
    assert changed == TEXT.replace(
        '"results": {}',
        '"results": {\n    "a": {\n      "wall": 1.5,\n      "run": {"id": "r"}\n    }\n  }',
    )


def test_another_member_comes_last_with_the_indentation_of_the_others() -> None:
    one = with_value(TEXT, ("results", "a"), {"wall": 1})
    two = with_value(one, ("results", "b"), {"wall": 2})
    assert two.endswith(
        '    "a": {\n      "wall": 1\n    },\n    "b": {\n      "wall": 2\n    }\n  }\n}\n'
    )


def test_a_new_member_of_an_object_on_one_line_stays_on_that_line() -> None:
    assert with_value('{"runs": []}', ("results",), {}) == '{"runs": [], "results": {}}'


def test_a_value_that_nothing_could_hold_is_refused() -> None:
    with pytest.raises(ValueError, match=r"there is nothing at \['results', 'a'\]"):
        with_value("{}", ("results", "a", "b"), 1)


def test_a_key_that_is_there_twice_is_found_however_deep_it_is() -> None:
    text = '{"a": [{"b": 1, "c": 2}, {"b": 1,\n "b": 2}]}'
    found = repeated_key(text)
    assert found is not None
    assert (found.name, text.count("\n", 0, found.key_start)) == ("b", 1)


def test_equal_keys_of_different_objects_are_no_repetition() -> None:
    assert repeated_key('{"a": {"b": 1}, "c": {"b": 1}}') is None


@given(
    document=st.dictionaries(st.text(max_size=3), JSON, max_size=4),
    key=st.text(max_size=3),
    value=JSON,
    indent=st.sampled_from([None, 2]),
)
def test_the_text_means_the_document_with_the_change_and_nothing_else(
    document: dict[str, object], key: str, value: object, indent: int | None
) -> None:
    text = json.dumps(document, indent=indent)
    changed = with_value(text, (key,), value)  # type: ignore[arg-type]
    assert json.loads(changed) == {**document, key: value}


@given(document=JSON)
def test_every_value_is_found_where_it_stands(document: object) -> None:
    text = json.dumps(document, indent=1)

    def check(value: object, path: tuple[str | int, ...]) -> None:
        found = find(text, path)
        assert found is not None
        assert json.loads(text[found.start : found.end]) == value
        pairs = (
            value.items()
            if isinstance(value, dict)
            else enumerate(value if isinstance(value, list) else ())
        )
        for name, inner in pairs:
            check(inner, (*path, name))

    check(document, ())


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ('{ "a": 1, "b": 2 }', "a", '{ "b": 2 }'),
        ('{ "a": 1, "b": 2 }', "b", '{ "a": 1 }'),
        ('{ "a": 1 }', "a", "{  }"),
        ('{\n  "a": 1,\n  "b": 2\n}', "b", '{\n  "a": 1\n}'),
        ('{ "a": 1 }', "c", '{ "a": 1 }'),
    ],
)
def test_a_member_is_taken_out_with_its_comma(text: str, key: str, expected: str) -> None:
    assert without_member(text, (key,)) == expected


@given(document=st.dictionaries(st.text(max_size=3), JSON, min_size=1), data=st.data())
def test_the_text_means_the_document_without_the_member(
    document: dict[str, object], data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(document)))
    changed = without_member(
        json.dumps(document, indent=data.draw(st.sampled_from([None, 1]))), (key,)
    )
    assert json.loads(changed) == {name: value for name, value in document.items() if name != key}
