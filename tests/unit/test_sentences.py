import pytest

from pytest_zacperf.sentences import LONGEST_REASON, error_sentence, one_line, with_hint


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("\n\n  first \nsecond", "first", id="first line"),
        pytest.param("", "", id="empty"),
        pytest.param(" \n\t", "", id="blank"),
        pytest.param("a\x1b[31m\u202e\udcff", r"a\x1b[31m\u202e\udcff", id="escaped"),
        pytest.param("a\u2028b", "a", id="line separator"),
    ],
)
def test_a_text_becomes_one_printable_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_a_line_is_cut_after_it_was_escaped() -> None:
    assert one_line("\x00" * 1_000, 11) == r"\x00\x00..."


def test_an_error_is_its_type_and_its_first_line() -> None:
    assert error_sentence(ValueError("no bars\nof GC")) == "ValueError: no bars"
    assert error_sentence(ValueError()) == "ValueError"


def test_a_long_problem_is_cut_so_that_its_hint_stays() -> None:
    sentence = with_hint("x" * 1_000, "roll it")
    assert len(sentence) == LONGEST_REASON
    assert sentence.endswith("x... (hint: roll it)")
