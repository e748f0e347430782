"""The command line: exit codes, one-line errors, examples that run, nothing heavy at the start."""

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import click
import pytest

import chaintheory
from chaintheory.cli.main import group, main

COMMANDS = sorted(group.commands)
# Loaded by the command that needs them, never by `chaintheory --help`.
HEAVY = {"sympy", "scipy", "matplotlib", "xarray", "pandas", "dask", "h5netcdf", "jinja2", "tqdm"}


def run(arguments, capsys):
    """Run the command line; return its exit code, stdout and stderr."""
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    told = capsys.readouterr()
    return leaving.value.code, told.out, told.err


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["curves", "--spacing", "-1"], ["spacing", "greater than 0", "-1"]),
        (["curves", "--width", "0"], ["width", "greater than 0", "0"]),
        (["curves", "--mass", "-2"], ["mass", "greater than 0", "-2"]),
        (["curves", "--omega-fast", "1"], ["omega_fast", "greater than 1", "1"]),
        (["curves", "--bias", "nan"], ["--bias", "finite", "nan"]),
        (["curves", "--amplitude", "inf"], ["--amplitude", "finite", "inf"]),
        (["curves", "--amplitude", "1e400"], ["--amplitude", "finite", "1e400"]),
        (["curves", "--spacing", "wide"], ["--spacing", "finite", "wide"]),
        (["curves", "--points", "1"], ["points", "at least 2", "1"]),
        (["curves", "--lowest", "5", "--highest", "4"], ["highest", "greater than 5", "4"]),
        (["curves", "--lowest", "0"], ["lowest", "greater than 0", "0"]),
        (["curves", "--spcing", "40"], ["--spcing", "--spacing"]),
        (["curves", "stray"], ["stray"]),
        (["drift", "--lowest", "-3"], ["lowest", "greater than 0", "-3"]),
        (["curvs"], ["'curvs'", "'curves'"]),
        (["dance"], ["'dance'", "verify"]),
        (["crosscheck", "--published", "/nowhere"], ["published", "index.csv", "/nowhere"]),
        (["figures", "singl-pass"], ["singl-pass", "'single-pass'"]),
        (["figures", "--format", "bmp"], ["format", "'png'", "bmp"]),
        (["simulate", "--output", "/nowhere/run.nc"], ["output", "directory", "/nowhere"]),
        (["simulate", "--output", "/"], ["output", "'/'"]),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, parts, capsys):
    code, out, err = run(arguments, capsys)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    for part in parts:
        assert part in err


def test_junk_in_a_value_cannot_break_the_line(capsys):
    code, _, err = run(["curves", "--width", "4\n\x1b[31mred"], capsys)
    assert code == 2
    assert err.count("\n") == 1
    assert "\x1b" not in err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_with_an_example(name, capsys):
    code, out, _ = run([name, "--help"], capsys)
    assert code == 0
    assert out.rstrip().splitlines()[-1].strip().startswith("Example: chaintheory " + name)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_described(name):
    options = [p for p in group.commands[name].params if isinstance(p, click.Option)]
    assert all(option.help for option in options)


def test_interrupt_is_told_in_one_line(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("chaintheory.system.System.single_pass_dissipation", interrupted)
    code, _, err = run(["curves"], capsys)
    assert code == 130
    assert err.strip() == "chaintheory: interrupted"  # Click ends the line of the ^C first


def test_help_loads_nothing_heavy():
    """Import time is measured as what is imported: a clock would fail on a busy machine."""
    program = (
        "import sys\n"
        "from chaintheory.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print('loaded:', sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_interrupts_are_heard_before_anything_but_signal_is_loaded():
    """An interrupt before that is Python's own: a traceback, and an exit code that says nothing."""
    program = (
        f"import sys; sys.path.insert(0, {str(Path(chaintheory.__file__).parents[1])!r}); import chaintheory.__main__\n"
        "print('loaded:', sorted({'typing', 'threading', 'pathlib', 're', 'numpy', 'click'} & set(sys.modules)))"
    )
    # Without the site packages, whose own start-up may load some of them.
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "loaded: []\n"


def example(name):
    """Return the arguments of the example at the end of a command's help."""
    text = group.commands[name].epilog.removeprefix("Example: chaintheory ")
    return shlex.split(text)


@pytest.mark.parametrize("name", ["curves", "drift", "simulate", "doctor"])
def test_example_runs(name, capsys):
    code, out, err = run(example(name), capsys)
    assert (code, err) == (0, "")
    assert out


@pytest.mark.parametrize("name", ["curves", "drift", "simulate", "doctor"])
def test_json_is_json(name, capsys):
    code, out, _ = run([*example(name), "--json"], capsys)
    assert code == 0
    json.loads(out, parse_constant=pytest.fail)  # inf and nan are no JSON


def test_doctor_fails_when_a_check_does(monkeypatch, capsys):
    monkeypatch.setattr("chaintheory.system.System.mean_dissipation", lambda *_: 0.0079)
    code, out, _ = run(["doctor"], capsys)
    assert code == 1
    assert "FAILS" in out


def test_verify_example_runs(capsys):
    """The examples of figures, report, sweep and crosscheck are run by the tests of what they make."""
    code, out, err = run(example("verify"), capsys)
    assert (code, err) == (0, "")
    assert out


SIMULATION = [sys.executable, "-m", "chaintheory", "simulate", "--duration", "3"]


def on_a_terminal(**environment):
    """What a run that takes a moment writes to stderr where that is a terminal."""
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (24, 80))
    done = subprocess.run(
        SIMULATION, stdout=subprocess.PIPE, stderr=writer, env={**os.environ, **environment}, check=True
    )
    os.close(writer)
    told = b""
    while True:
        try:
            piece = os.read(reader, 4096)
        except OSError:  # all is read
            break
        if not piece:
            break
        told += piece
    os.close(reader)
    assert b"\x1b" not in done.stdout
    return told


def test_bars_are_for_terminals_and_colours_for_nobody():
    assert b"step" in on_a_terminal(TERM="xterm")
    told = on_a_terminal(NO_COLOR="1", TERM="xterm-256color")
    assert b"step" in told
    assert b"\x1b[3" not in told and b"m\x1b" not in told
    done = subprocess.run(SIMULATION, capture_output=True, check=True)
    assert done.stderr == b""


def complete(*words):
    """What the shell is offered after these words, the last of them being begun."""
    environment = {
        **os.environ,
        "_CHAINTHEORY_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("chaintheory", *words)),
        "COMP_CWORD": str(len(words)),
    }
    program = "from chaintheory.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_the_shell_completes_commands_options_and_names():
    assert complete("cur") == ["curves"]
    assert complete("curves", "--omega") == ["--omega-fast"]
    assert complete("drift", "--interaction", "Soft") == ["SoftenedCoulomb"]


def test_the_explorer_lists_only_what_it_takes(capsys):
    code, out, _ = run(["explore", "--help"], capsys)
    assert code == 0
    assert all(f"--{name}" in out for name in ("omega-fast", "spacing", "amplitude", "width", "mass", "bias"))
    assert not any(f"--{name}" in out for name in ("interaction", "potential", "samples", "couplings", "damping"))
    code, _, err = run(["explore", "--interaction", "Sech2"], capsys)
    assert code == 2 and "No such option" in err and "--interaction" in err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_is_given_its_script(shell):
    environment = {**os.environ, "_CHAINTHEORY_COMPLETE": f"{shell}_source"}
    program = "from chaintheory.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0 or (shell == "bash" and "bash" in done.stderr.lower())
    assert done.returncode or "_CHAINTHEORY_COMPLETE" in done.stdout


@pytest.mark.parametrize("error", [KeyError("one"), RecursionError("deep"), ZeroDivisionError("0"), TypeError("kind")])
def test_a_fault_of_our_own_shows_its_traceback(monkeypatch, capsys, error):
    def faulty(*_, **__):
        raise error

    monkeypatch.setattr("chaintheory.system.System.single_pass_dissipation", faulty)
    with pytest.raises(SystemExit) as leaving:
        main(["curves", "--points", "3"])
    err = capsys.readouterr().err
    assert leaving.value.code == 70
    assert "Traceback" in err and "faulty" in err and type(error).__name__ in err
    assert err.strip().endswith("please report it")


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.1, 0.2, 0.3, 0.5, 0.8])
def test_a_signal_at_any_moment_leaves_with_130(kind, after):
    """While the modules are being loaded, at work, or done: interrupted, or the answer; no traceback."""
    # From the first line of the program: what comes before is Python's own start.
    program = "import sys; print('begun', flush=True); from chaintheory.__main__ import main; main()"
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); " + program
    running = subprocess.Popen(
        [sys.executable, "-c", program, "drift", "--lowest", "9", "--highest", "30"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with running:
        assert running.stdout.readline() == "begun\n"
        time.sleep(after)
        running.send_signal(kind)
        out, err = running.communicate(timeout=60)
    assert running.returncode in (130, 0)
    assert "Traceback" not in err
    assert running.returncode == 130 or "locked" in out


@pytest.mark.parametrize("kind", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    "swallowed",
    [
        # An error of the library's own, from an extension that could not be loaded, say.
        "    try: come()\n    except KeyboardInterrupt: raise ImportError('no module') from None\n",
        "    try: come()\n    except KeyboardInterrupt as error: raise ValueError('a bad number') from error\n",
        # In a callback, where Python prints and drops it; the work goes on.
        "    class Held:\n        def __del__(self): come()\n    Held()\n    while True: time.sleep(0.01)\n",
        # Without a word.
        "    try: come()\n    except BaseException: return 0.25 + 0.0 * speed\n",
    ],
    ids=["import-error", "value-error", "callback", "silent"],
)
def test_an_interrupt_that_a_library_swallows_still_ends_the_command_with_130(kind, swallowed):
    program = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"def come(): os.kill(os.getpid(), signal.{kind}); time.sleep(10)\n"
        f"def work(self, speed, **options):\n{swallowed}"
        "from chaintheory.system import System\n"
        "System.single_pass_dissipation = work\n"
        "from chaintheory.__main__ import main; main(['curves', '--points', '3'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 130, done
    assert done.stderr.strip() in ("chaintheory: interrupted", ""), done.stderr
    assert ("0.25" in done.stdout) == ("return" in swallowed)


def with_closed_output(*arguments, cwd):
    """As the shell closes it by `>&-`."""
    program = (
        "import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, '-m', 'chaintheory', *sys.argv[1:]])"
    )
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


@pytest.mark.parametrize(
    "arguments", [("curves", "--points", "3"), ("--help",), ("explore", "--output", "explorer.html")]
)
def test_what_a_closed_output_loses_is_told(arguments, tmp_path):
    """One line and a code of its own; a file that was asked for is written first."""
    done = with_closed_output(*arguments, cwd=tmp_path)
    said = "chaintheory: standard output is closed: what was to be written there is lost\n"
    assert (done.returncode, done.stdout, done.stderr) == (74, "", said)
    assert [one.name for one in tmp_path.iterdir()] == (["explorer.html"] if arguments[0] == "explore" else [])


@pytest.mark.parametrize("arguments", [("curves", "--points", "3"), ("doctor", "--json"), ("--help",)])
def test_a_reader_that_has_left_is_no_failed_check(arguments):
    """Click exits with 1 for a pipe that is closed, which says that a check failed; 0 would hide one that did."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "chaintheory", *arguments]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, env=BUFFERED)
    os.close(writing)
    assert (done.returncode, done.stderr) == (74, "")


FULL_DEVICE = Path("/dev/full")
# With that variable Python itself drops, and does not tell, the rest of a text of which a part could be written.
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


@pytest.mark.skipif(not FULL_DEVICE.exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize("arguments", [("curves", "--points", "3"), ("curves", "--points", "3", "--json"), ("--help",)])
def test_a_full_device_is_told_as_a_closed_output_is(arguments):
    with FULL_DEVICE.open("w") as full:
        command = [sys.executable, "-m", "chaintheory", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=BUFFERED)
    assert done.returncode == 74 and done.stderr.count("\n") == 1, done
    assert "standard output cannot be written" in done.stderr and "No space left on device" in done.stderr


def test_an_output_file_that_can_grow_no_more_is_told(tmp_path):
    """A buffered output, what is left of which is not written again when the program ends."""
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "from chaintheory.__main__ import main; main(['curves', '--points', '50'])\n"
    )
    with (tmp_path / "output").open("w") as output:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=output, stderr=subprocess.PIPE, text=True, check=False, env=BUFFERED
        )
    assert done.returncode == 74 and done.stderr.count("\n") == 1 and "File too large" in done.stderr, done


def test_a_closed_output_hides_no_other_fault(tmp_path):
    done = with_closed_output("curves", "--points", "none", cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "--points" in done.stderr


def test_a_home_that_cannot_be_written_is_no_news_to_a_picture(tmp_path):
    kept = {name: value for name, value in os.environ.items() if name not in ("MPLCONFIGDIR", "XDG_CONFIG_HOME")}
    command = [sys.executable, "-m", "chaintheory", "curves", "--points", "3", "--plot", "curves.png"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=kept | {"HOME": "/proc/none"}
    )
    assert (done.returncode, done.stderr) == (0, "") and (tmp_path / "curves.png").stat().st_size > 1000


def test_a_disk_that_fills_up_is_one_line_that_names_the_file(tmp_path):
    """Stood in for by a limit of the size of a file; what was there stays whole."""
    output = tmp_path / "run.nc"
    output.write_text("the last good file")
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))\n"
        "from chaintheory.__main__ import main\n"
        f"main(['simulate', '--duration', '2', '--overwrite', '--output', {str(output)!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    assert "File too large" in done.stderr and str(output) in done.stderr
    assert output.read_text() == "the last good file"
    assert list(tmp_path.iterdir()) == [output]
