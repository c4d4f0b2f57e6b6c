from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pytest_zacperf.cli import main
from pytest_zacperf.errors import SettingsError
from pytest_zacperf.secrecy import require_no_secret


@pytest.mark.parametrize(
    "name",
    ["api_key", "switch.api_key", "databento_api_key", "API-KEY", "password", "client_secret"],
)
def test_a_parameter_that_is_a_secret_is_refused(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        require_no_secret([name])
    assert caught.value.problem == (
        f"parameter {name!r} is a secret, and parameters are written down with every run"
    )
    assert caught.value.hint == "let the backtest read it from an environment variable"


@pytest.mark.parametrize("name", ["lookback", "key", "token", "secretary", "monkey", "passwords"])
def test_other_parameters_are_not(name: str) -> None:
    require_no_secret([name])


def test_a_secret_on_the_command_line_is_in_no_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.zacperf]\n")
    given = ["--set", "switch.api_key=db-123", "--start", "2025-10-01", "--end", "2025-10-01"]
    done = CliRunner().invoke(
        main, ["backtest", "--engine", "gold:engine", "--root", str(tmp_path), *given]
    )
    assert done.exit_code == 2
    assert "parameter 'switch.api_key' is a secret" in done.output
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in written if b"db-123" in path.read_bytes()] == []


def test_a_secret_that_an_engine_has_by_itself_is_in_no_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.zacperf]\n")
    (tmp_path / "secret_gold.py").write_text(
        "from pytest_zacperf.engines.function import FunctionEngine\n"
        "def run(start, end, api_key): pass\n"
        "engine = FunctionEngine('secret_gold:run', parameters={'api_key': 'db-' + '123'})\n"
    )
    given = ["--root", str(tmp_path), "--start", "2025-10-01", "--end", "2025-10-01"]
    done = CliRunner().invoke(main, ["backtest", "--engine", "secret_gold:engine", *given])
    assert done.exit_code == 2
    assert "parameter 'api_key' is a secret" in done.output
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert [path for path in written if b"db-123" in path.read_bytes()] == []
