"""The command ``chaintheory``: one group, its exit codes, and errors told in one line.

Only Click is loaded here. SymPy, SciPy, Matplotlib and xarray are loaded by the command that needs
them, so that ``chaintheory --help`` answers at once.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches

import click

from chaintheory import __version__
from chaintheory.cli import interrupts
from chaintheory.cli.analytic import curves, drift
from chaintheory.cli.doctor import doctor
from chaintheory.cli.ledger import verify
from chaintheory.cli.numeric import crosscheck, simulate
from chaintheory.cli.pictures import explore, figures, report
from chaintheory.cli.sweeps import sweep
from chaintheory.cli.your_data import compare

RIGHT, CHECK_FAILED, BAD_INPUT, OWN_FAULT, OUTPUT_LOST, INTERRUPTED = 0, 1, 2, 70, 74, 130


class Commands(click.Group):
    """A group in reading order that answers a mistyped command with the nearest one."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names in the order in which they were added."""
        return list(self.commands)

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the one that was probably meant."""
        name = arguments[0]
        if self.get_command(context, name) is None and not name.startswith("-"):
            near = get_close_matches(name, self.list_commands(context), n=1)
            known = ", ".join(self.list_commands(context))
            hint = f"did you mean {near[0]!r}?" if near else f"choose one of {known}"
            raise click.UsageError(f"no command {name!r}: {hint}", context)
        return super().resolve_command(context, arguments)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: chaintheory curves --lowest 10 --highest 60 --points 6",
)
@click.version_option(__version__, prog_name="chaintheory")
@click.pass_context
def group(context: click.Context) -> None:
    """Drag on one mobile particle in an infinite harmonic chain.

    Exit codes: 0 all right, 1 a check failed, 2 bad input (one line on stderr says what is allowed),
    70 a fault of our own (with its traceback), 74 standard output is closed or cannot be written, and
    something was to be written there (in silence where its reader has left), 130 interrupted. Units:
    length sqrt(hbar/(m Omega_slow)), time 2 pi/Omega_slow, energy hbar Omega_slow.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


SUMMARIES = {
    verify: "Verify the formulas of the theory, step by step.",
    curves: "Energy lost per pass against speed, Eqs. 7 and 10.",
    drift: "Drift velocities at a bias, typed.",
    simulate: "Simulate the particle in the infinite chain.",
    compare: "Lay your own trajectory beside theory and a run.",
    crosscheck: "Lay simulations beside published runs.",
    figures: "Draw the figures of the paper and the new ones.",
    report: "Write everything as one self-contained page.",
    explore: "Write a page with sliders and a live run.",
    sweep: "Compute a grid of systems and write it as NetCDF.",
    doctor: "Print versions and run a self-test.",
}
for command, summary in SUMMARIES.items():
    command.short_help = summary
    group.add_command(command)


def one_line(error: BaseException) -> str:
    r"""Return the error's message on one line, without control characters.

    >>> one_line(ValueError("width must be\n greater than 0"))
    'width must be greater than 0'
    """
    text = error.format_message() if isinstance(error, click.ClickException) else str(error)
    text = " ".join(text.split()) or type(error).__name__
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def ours(error: BaseException) -> bool:
    """Whether a run-time error is one that this package defines: it says what is wrong in one line."""
    return type(error).__module__.partition(".")[0] == "chaintheory"


def lost_in_writing(error: OSError) -> bool:
    """Whether an error came of writing to standard output: of its device, not of a file that the command opened.

    >>> lost_in_writing(OSError(28, "No space left on device", "run.nc"))
    False
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_code in (click.echo.__code__, _run.__code__)


class ClosedOutput(io.TextIOBase):
    """In the place of a standard output that the shell has closed: notes whether something was to be written.

    >>> closed = ClosedOutput()
    >>> closed.write("speed"), closed.lost
    (5, True)
    """

    lost = False

    def write(self, text: str) -> int:
        """Drop a text."""
        self.lost = self.lost or bool(text)
        return len(text)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; a fault of our own is shown with its traceback."""
    # A directory of settings that cannot be made is no news for who asked for a picture.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    if sys.stdout is not None:
        return _run(arguments)
    closed = ClosedOutput()
    with contextlib.redirect_stdout(closed):
        code = _run(arguments)
    if code == RIGHT and closed.lost:
        click.echo("chaintheory: standard output is closed: what was to be written there is lost", err=True)
        return OUTPUT_LOST
    return code


def drop_output() -> None:
    """Let what is still to be written to standard output, and what its buffer holds, go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: Sequence[str] | None) -> int:
    output = sys.stdout
    try:
        code = group.main(args=arguments, prog_name="chaintheory", standalone_mode=False)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt) as stopped:
        click.echo(f"chaintheory: {one_line(stopped) if ours(stopped) else 'interrupted'}", err=True)
        return INTERRUPTED
    except (BrokenPipeError, SystemExit) as stopped:
        # Where the reader, `head` say, has left, Click puts a wrapper around the output and exits with 1.
        if isinstance(stopped, SystemExit) and sys.stdout is output:
            raise
        drop_output()
        return OUTPUT_LOST
    except Exception as error:
        if interrupts.seen():  # a library made an error of its own of it
            click.echo("chaintheory: interrupted", err=True)
            return INTERRUPTED
        if isinstance(error, OSError) and lost_in_writing(error):
            drop_output()
            click.echo(f"chaintheory: standard output cannot be written, what was for it is lost: {error}", err=True)
            return OUTPUT_LOST
        if isinstance(error, click.ClickException | ValueError | OSError | MemoryError) or ours(error):
            click.echo(f"chaintheory: {one_line(error)}", err=True)
            return BAD_INPUT
        traceback.print_exc()
        click.echo("chaintheory: this is a fault of chaintheory, not of your input; please report it", err=True)
        return OWN_FAULT
    return code if isinstance(code, int) else RIGHT


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
