"""No shell, no network, nothing evaluated or unpickled; writes stay where they were asked for."""

import ast
from pathlib import Path

import pytest

import chaintheory
import derivations
from chaintheory.cli.main import group, main

PACKAGES = [Path(package.__file__).parent for package in (chaintheory, derivations)]
SOURCES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))
FORBIDDEN_MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "socket", "ssl", "urllib",
    "http", "requests", "ftplib", "smtplib", "telnetlib", "xmlrpc", "pty", "code", "codeop", "runpy", "webbrowser"}  # fmt: skip
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
# SymPy's own evaluators of text, and what would run a shell.
FORBIDDEN_METHODS = {"popen", "parse_expr", "lambdify", "autowrap", "ufuncify", "read_pickle", "to_pickle"}
# Started without a shell, with fixed arguments: git for the commit, a trial of a file that HDF5 may crash on.
SUBPROCESS = {"simulation/files.py", "sweep/run.py", "report/page.py", "cli/installation.py", "explorer/build.py"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_source(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            for name in names:
                top = name.split(".")[0]
                assert top not in FORBIDDEN_MODULES, where
                assert top != "subprocess" or f"{path.parent.name}/{path.name}" in SUBPROCESS, where
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                assert node.func.id not in FORBIDDEN_CALLS, where
            if isinstance(node.func, ast.Attribute):
                # The ledger compiles its own formulas, never a user's text.
                allowed = {"lambdify"} if "derivations" in path.parts else set()
                assert node.func.attr not in FORBIDDEN_METHODS - allowed, where
                assert ast.unparse(node.func) != "os.system", where
            for keyword in node.keywords:
                assert keyword.arg not in ("shell", "allow_pickle"), where


def call(arguments, capsys):
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    told = capsys.readouterr()
    return leaving.value.code, told.out, told.err


NAMES = [
    "../up",
    "/etc/passwd",
    "a/b",
    "..",
    ".",
    "",
    "single-pass/../../x",
    "a\x00b",
    "-",
    "~",
    "$HOME",
    "`id`",
    "a;b",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_no_path(name, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = call(["figures", name, "--output", "out"], capsys)
    assert code == 2
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["../png", "py", "png/../../x", "", "PNG\x00", "svgz"])
def test_a_format_is_no_path(form, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = call(["figures", "single-pass", "--format", form], capsys)
    assert code == 2
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_written_where_asked_and_nowhere_else(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    code, _, _ = call(["simulate", "--duration", "0.1", "--output", "out/run.nc"], capsys)
    assert code == 0
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["out", "run.nc"]


JUNK = ["", " ", "nan", "inf", "-inf", "1e999", "-1e999", "x", "0", "-0", "-1", "1e300", "1e-300", "1e30", "0x10", "1_0", "１",
    "1,5", "--", "-", "%s", "{}", "\x1b[31m", "../..", "9" * 5000, "True", "None", "[]", "1j", "\u202e1"]  # fmt: skip
# Options that take a value, of the commands whose work is short.
OPTIONS = [
    (name, parameter.opts[0])
    for name in ("curves", "drift", "simulate")
    for parameter in group.commands[name].params
    if parameter.param_type_name == "option" and not parameter.is_flag and parameter.name not in ("output", "help")
]


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_junk_for_an_option(name, option, capsys, monkeypatch, tmp_path):
    """Right, a failed check, or bad input told in one line: never a traceback or a warning."""
    monkeypatch.chdir(tmp_path)  # a table or a picture may have any name
    monkeypatch.setattr("chaintheory.simulation.settings.available_memory", lambda: 24e6)
    short = {
        "curves": ["--points", "3"],
        "drift": ["--lowest", "39", "--highest", "41"],
        "simulate": ["--duration", "0.1"],
    }
    for value in JUNK:
        given = [name, *short[name], f"{option}={value}"]
        code, out, err = call(given, capsys)
        assert code in (0, 1, 2), given
        assert (code != 2) or (out == "" and err.count("\n") == 1), given
        assert "Traceback" not in err
        assert "\x1b" not in err
