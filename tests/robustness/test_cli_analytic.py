"""``chaintheory drift`` and ``chaintheory generate``."""

from __future__ import annotations

import json

import pytest

from chaintheory.cli import main


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    printed = capsys.readouterr()
    return left.value.code, printed.out, printed.err


def test_drift_prints_the_typed_table(capsys):
    code, out, _ = run(capsys, "drift", "--lowest", "6", "--highest", "200")
    assert code == 0
    locked = [line.split() for line in out.splitlines() if " locked " in line]
    assert [row[3] for row in locked] == ["6", "5", "4", "3", "2"]
    assert all(row[-1] == "yes" for row in locked)
    assert "more, closer to each other than 1e-09 of their speed: --all" in out


def test_drift_as_json_holds_everything(capsys):
    code, out, _ = run(capsys, "drift", "--lowest", "18", "--highest", "70", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [row["kind"] for row in rows] == ["stable", "unstable", "stable", "unstable", "locked", "unstable"]
    last = rows[-1]
    assert last["enclosure"][0] <= last["speed"] <= last["enclosure"][1]
    assert last["slowest"] < last["speed"] < last["fastest"]
    assert rows[4]["slope"] is None and rows[4]["relaxation_time"] == 0.0


def test_generate_writes_a_module_that_runs(capsys, tmp_path):
    target = tmp_path / "own.py"
    code, out, err = run(capsys, "generate", "--interaction", "2*exp(-abs(r)/3)", "--output", str(target))
    assert code == 0 and out == "" and "lines of python" in err
    module = {}
    exec(compile(target.read_text(), str(target), "exec"), module)
    assert module["potential"](3.0) == pytest.approx(2 * 0.36787944117144233, rel=1e-15, abs=0)


@pytest.mark.parametrize("language", ["c", "cython", "python"])
def test_generate_prints_each_language(capsys, language):
    code, out, _ = run(capsys, "generate", "--interaction", "exp(-r**2)", "--language", language)
    assert code == 0
    assert "exp(-r**2)" in out and "transform" in out


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("exp(-q)", "'q' at character 6 is not known"),
        ("r", "does not decay"),
        ("__import__('os').system('true')", "at character 12"),
    ],
)
def test_generate_refuses_in_one_line(capsys, formula, message):
    code, out, err = run(capsys, "generate", "--interaction", formula)
    assert code == 2 and out == ""
    assert message in err and err.count("\n") == 1
