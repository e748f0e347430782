"""Junk for every option and argument of every command: told in one line by name, with nothing done or written."""

import time

import click
import pytest

from chaintheory.cli.main import group, main
from chaintheory.cli.options import Number, Place

NUMBERS = [
    "",
    " ",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "-1e999",
    "x",
    "1,5",
    "0x10",
    "%s",
    "\x1b[31m",
    "9" * 5000,
    "[]",
    "1j",
]
WHOLE = [*NUMBERS, "-1", "0.5", "1e3", "0"]
WORDS = ["", " ", "nan", "x", "-1", "\u0663", "\u202e7", "\x1b[31m", "../..", "%s", "{}", "$(ls)", "9" * 5000, "True"]
FORMULAS = [word for word in WORDS if word != "x"] + ["r", "1/r", "exp(", "q*r", "__import__('os')", "9**9**9"]
HOSTS = [
    *WORDS,
    "nonsense://",
    "tcp://",
    "tcp://127.0.0.1",
    "127.0.0.1:",
    "tcp://h:999999",
    "tcp://a b:1",
    "tcp://h:-1",
]
# Paths are relative to a directory that holds a file, a directory with a file in it, and a good sweep file.
NO_PLACE = ["", " ", "file/child", "/proc/none/x", "/dev/null/x", "a\0b", "n" * 300, "\x1b[31m/x", "absent/deep/x"]
NO_FILE = [*NO_PLACE, ".", "directory", "/", "/proc/none"]
WITH_A_SYSTEM = ("compare", "crosscheck", "curves", "drift", "simulate")
JUNK = {
    ("verify", "ids"): WORDS,
    ("verify", "equation"): [word for word in WORDS if word != "\u0663"],
    ("figures", "names"): WORDS,
    ("figures", "form"): WORDS,
    ("figures", "output"): [*NO_PLACE[:-2], "file", "/proc/none", "/dev/null"],
    ("report", "output"): [*NO_PLACE, "file", "directory", ".", "/", "/proc/none"],
    ("curves", "approximations"): WORDS,
    ("drift", "approximation"): WORDS,
    ("report", "benchmarks"): [*NO_PLACE, "directory", "absent"],
    ("report", "published"): [*NO_PLACE, "file", "directory"],
    ("crosscheck", "published"): [*NO_PLACE, "file", "directory"],
    ("crosscheck", "published_thermal"): [*NO_PLACE, "file", "directory"],
    ("simulate", "sampling"): WORDS,
    ("curves", "sampling"): WORDS,
    ("simulate", "seed"): [word for word in WHOLE if word != "0"],
    ("simulate", "output"): [*NO_FILE, "file"],
    ("explore", "output"): [*NO_FILE, "file", "/dev/null"],
    ("simulate", "method"): WORDS,
    ("sweep", "file"): [*NO_FILE, "file", "/dev/zero", "/dev/null"],
    ("sweep", "output"): NO_FILE,
    ("sweep", "workers"): WHOLE,
    ("sweep", "scheduler"): HOSTS,
    ("compare", "file"): [*NO_FILE, "file", "/dev/zero", "/dev/null"],
    **{("compare", f"{name}_column"): WORDS for name in ("time", "position", "velocity")},
    ("compare", "atom"): WHOLE,
    **{(command, "interaction"): WORDS for command in WITH_A_SYSTEM},
    **{(command, "potential"): FORMULAS for command in WITH_A_SYSTEM},
    **{(command, "parameters"): WORDS for command in WITH_A_SYSTEM},
    **{(command, "samples"): [*NO_FILE, "file", "/dev/zero", "/dev/null"] for command in WITH_A_SYSTEM},
    **{
        (command, "plot"): [*NO_FILE, "file", "picture.bmp"]
        for command in ("curves", "drift", "simulate", "sweep", "compare")
    },
    **{(command, "csv"): [*NO_FILE, "file"] for command in ("curves", "drift", "simulate", "compare")},
    **{(command, "couplings"): [*WORDS, ",", "1,", "nan,1", "1;2", "1e99"] for command in WITH_A_SYSTEM},
    **{(command, "matern_order"): WHOLE for command in WITH_A_SYSTEM},
}
# What a command needs besides, and what makes it quick should the junk be taken.
BESIDES = {
    "compare": {"file": "rows.csv"},
    "sweep": {"file": "sweep.toml", "output": "grid.nc"},
    "simulate": {"duration": "0.1"},
    "curves": {"points": "2"},
    "drift": {"lowest": "39", "highest": "41"},
    "crosscheck": {"speed": "50"},
}
TAKEN = [
    (command, parameter)
    for command in group.commands
    for parameter in group.commands[command].params
    if not (isinstance(parameter, click.Option) and parameter.is_flag)
]


def junk_for(command, parameter):
    """Junk for one parameter; a new one must be given some."""
    if isinstance(parameter.type, Number):
        return NUMBERS
    if parameter.type is click.INT and (command, parameter.name) not in JUNK:
        return WHOLE
    return JUNK[command, parameter.name]


def arguments(command, parameter, value):
    """The command with the value for one parameter, and what it needs besides."""
    given = [command]
    last = []
    for one in group.commands[command].params:
        text = value if one is parameter else BESIDES.get(command, {}).get(one.name)
        if text is None:
            continue
        if isinstance(one, click.Option):
            given.append(f"{one.opts[0]}={text}")
        else:
            last.append(text)
    return [*given, "--", *last] if last else given


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A directory to work in; returns what it holds."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("kept")
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "file").write_text("kept")
    rows = "".join(f"{0.02 * row},{220.0 + row}\n" for row in range(100))
    (tmp_path / "rows.csv").write_text("time,position\n" + rows)
    (tmp_path / "sweep.toml").write_text(
        '[run]\nspeed = 30.0\n[axes]\nbias = [0.1]\n[compute]\nquantities = ["mean_dissipation"]\n'
    )
    return lambda: {str(path): path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")}


@pytest.mark.parametrize(("command", "parameter"), TAKEN, ids=[f"{command}-{one.name}" for command, one in TAKEN])
def test_junk_is_refused_by_name_with_nothing_written(command, parameter, place, capsys):
    before = place()
    names = {parameter.name, "figure" if parameter.name == "names" else "", "id" if parameter.name == "ids" else ""}
    names |= {option.lstrip("-") for option in parameter.opts} | {
        option.lstrip("-").replace("-", "_") for option in parameter.opts
    }
    names = {"order"} | names if parameter.name == "matern_order" else names
    for value in junk_for(command, parameter):
        start = time.monotonic()
        with pytest.raises(SystemExit) as left:
            main(arguments(command, parameter, value))
        told = capsys.readouterr()
        assert left.value.code == 2, value
        assert told.out == "", value
        assert told.err.count("\n") == 1 and told.err.startswith("chaintheory: "), value
        assert any(name and name in told.err for name in names), (value, told.err)
        assert "\x1b" not in told.err and "Traceback" not in told.err
        assert place() == before, value
        assert time.monotonic() - start < 10.0, value


def test_paths_are_looked_at_before_any_work():
    """Every path is a Place, which looks: none is found unfit after an hour's work."""
    for command, parameter in TAKEN:
        if parameter.name in ("output", "file", "published"):
            assert isinstance(parameter.type, Place), (command, parameter.name)
        assert not isinstance(parameter.type, click.Path), (command, parameter.name)


@pytest.mark.parametrize("command", group.commands)
@pytest.mark.parametrize("junk", ["--nonsense", "--Nonsense=1", "-Q", "--\x1b[31m", "--jsno"])
def test_an_option_that_is_none(command, junk, place, capsys):
    before = place()
    with pytest.raises(SystemExit) as left:
        main([*arguments(command, None, None)[:1], junk])
    told = capsys.readouterr()
    assert (left.value.code, told.out, told.err.count("\n")) == (2, "", 1)
    assert "No such option" in told.err and "\x1b" not in told.err
    if junk == "--jsno" and any(one.name == "as_json" for one in group.commands[command].params):
        assert "--json" in told.err
    assert place() == before
