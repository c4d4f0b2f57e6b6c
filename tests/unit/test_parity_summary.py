from __future__ import annotations

from pytest_zacperf.parity import figures_of


def test_statistics_keep_their_names_and_other_figures_have_where_they_lie() -> None:
    summary = {
        "statistics": {"Sharpe Ratio": "0.896", "Win Rate": None},
        "charts": {"Equity": {"values": [[1, 2.5], [3, 4]]}},
        "isLive": True,
    }
    assert figures_of(summary) == {
        "Sharpe Ratio": "0.896",
        "Win Rate": None,
        "charts.Equity.values.1.1": 1,
        "charts.Equity.values.1.2": 2.5,
        "charts.Equity.values.2.1": 3,
        "charts.Equity.values.2.2": 4,
        "isLive": "True",
    }


def test_when_the_program_itself_ran_is_no_figure() -> None:
    state = {"StartTime": "a", "EndTime": "b", "Status": "Completed"}
    assert figures_of({"state": state}) == {"state.Status": "Completed"}


def test_what_is_no_mapping_has_no_figures_or_numbers_them() -> None:
    assert figures_of([]) == {}
    assert figures_of([1.5]) == {"1": 1.5}
