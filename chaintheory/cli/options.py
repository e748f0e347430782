"""What the commands share: options that describe a system, tables, JSON and progress bars."""

from __future__ import annotations

import contextlib
import functools
import json
import math
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chaintheory.interactions.build import KINDS as INTERACTIONS
from chaintheory.interactions.build import PLAIN, build, kind_of
from chaintheory.support.files import same_file
from chaintheory.support.json_values import plain
from chaintheory.support.validation import shown

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from chaintheory.interactions.base import Interaction
    from chaintheory.system import Chain, System


class Number(click.ParamType):  # type: ignore[type-arg]  # generic only in newer versions of Click
    """A finite real number; anything else is refused with the option's name."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return ``value`` as a float, or say what is allowed."""
        try:
            result = float(value)
        except (TypeError, ValueError):
            result = math.nan
        if not math.isfinite(result):
            option = param.opts[0] if param is not None else "value"
            raise click.UsageError(f"{option} must be a finite real number, got {value!r}", ctx)
        return result


NUMBER = Number()


class Place(click.ParamType):  # type: ignore[type-arg]  # for the same reason
    """A path to read from or write to that is looked at before any work is done."""

    name = "path"

    def __init__(self, allowed: str, suits: Callable[[Path], bool]) -> None:
        self.allowed = allowed
        self.suits = suits

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return ``value`` as a path, or say what is allowed."""
        path = Path(value)
        try:
            # Stat refuses what Path.exists takes for absent: a name with a NUL, or one too long.
            with contextlib.suppress(FileNotFoundError):
                path.stat()
            suits = bool(str(value).strip()) and self.suits(path)
        except (OSError, ValueError):
            suits = False
        if not suits:
            name = param.opts[0] if param is not None else "path"
            raise click.UsageError(f"{name} must be {self.allowed}, got {shown(str(value))}", ctx)
        return path

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Let the shell complete paths."""
        return click.Path().shell_complete(ctx, param, incomplete)


def can_hold_files(directory: Path) -> bool:
    """Whether a file can be made in a directory: tried, as permissions alone do not tell."""
    try:
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


def can_be_written(path: Path) -> bool:
    """Whether ``path`` is a file, or may become one."""
    return (path.is_file() or not path.exists()) and can_hold_files(path.absolute().parent)


def can_become_directory(path: Path) -> bool:
    """Whether ``path`` is a directory for files, or may become one."""
    nearest = path.absolute()
    while not nearest.exists():
        nearest = nearest.parent
    return nearest.is_dir() and can_hold_files(nearest)


ADDRESS = re.compile(r"([a-z]+://)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")


def address(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the address of a scheduler, or say what it looks like (a Click callback)."""
    if value is not None and not ADDRESS.fullmatch(value):
        raise click.UsageError(
            f"{parameter.opts[0]} must be an address such as tcp://127.0.0.1:8786, got {value!r}", context
        )
    return value


INPUT_FILE = Place("a file that exists", Path.is_file)
OUTPUT_FILE = Place("a file to write in an existing directory", can_be_written)
OUTPUT_DIRECTORY = Place("a directory, or a place for one, that can be written", can_become_directory)
PICTURE = Place(
    "a file to write in an existing directory, ending in .png, .pdf or .svg",
    lambda path: path.suffix.lower() in (".png", ".pdf", ".svg") and can_be_written(path),
)
THERMAL = Place("a directory with a single_pass_losses.csv", lambda path: (path / "single_pass_losses.csv").is_file())
PUBLISHED = Place("a directory with an index.csv", lambda path: (path / "index.csv").is_file())

# The paper's Fig. 4: option, its value there, what it is.
PARAMETERS = {
    "omega_fast": (10.0, "Top of the phonon band; the bottom is 1."),
    "spacing": (40.0, "Lattice spacing."),
    "amplitude": (2.0, "Interaction at zero distance: positive repels, negative attracts."),
    "width": (4.0, "Width of the interaction."),
    "mass": (1.0, "Mass of the particle, in chain masses."),
    "bias": (0.01, "Energy gained from the bias per lattice spacing."),
}


# What describes a chain besides.
CHAIN = ("couplings", "confinement", "damping")


def option(name: str, default: float | None, text: str, **more: Any) -> Callable[..., Any]:
    """Return a Click option ``--name`` that takes a finite number."""
    flag = "--" + name.replace("_", "-")
    return click.option(flag, name, type=NUMBER, default=default, show_default=default is not None, help=text, **more)


OWN = ("interaction", "matern_order", "potential", "samples", "cutoff", "parameters")


class Assignment(click.ParamType):  # type: ignore[type-arg]  # for the same reason
    """NAME=NUMBER."""

    name = "assignment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        """Return name and number, or say what is allowed."""
        name, equals, given = str(value).partition("=")
        try:
            number = float(given)
        except ValueError:
            number = math.nan
        if not (name.isidentifier() and equals and math.isfinite(number)):
            raise click.UsageError(f"--parameter must be NAME=NUMBER, such as depth=2, got {value!r}", ctx)
        return name, number


PAPER = tuple(option(name, default, text) for name, (default, text) in PARAMETERS.items())


def paper_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of the paper's chain with a Gaussian, for a command that takes no other system."""

    @functools.wraps(function)
    def with_system(**given: Any) -> Any:
        from chaintheory import Chain, Gaussian, System

        omega_fast, spacing, amplitude, width, mass, bias = (given.pop(name) for name in PARAMETERS)
        system = System(Chain(omega_fast, spacing), Gaussian(amplitude, width), mass=mass, bias=bias)
        return function(system=system, **given)

    return functools.reduce(lambda command, add: add(command), reversed(PAPER), with_system)


def system_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a system; the command receives ``system`` in their place."""

    @functools.wraps(function)
    def with_system(**given: Any) -> Any:
        own = {name: given.pop(name) for name in (*PARAMETERS, *CHAIN, *OWN)}
        return function(system=build_system(**own), **given)

    added = [
        *PAPER,
        option("damping", 0.0, "Rate of damping of the chain's masses, in the unit frequency."),
        option("confinement", None, "Stiffness of the wells, with --couplings; 1 if left out, 0 for none."),
        click.option(
            "--couplings",
            metavar="K1,K2,...",
            help="Springs between masses 1, 2, ... apart, instead of --omega-fast; 0 for none.",
        ),
        click.option(
            "--interaction",
            default="Gaussian",
            show_default=True,
            metavar="NAME",
            shell_complete=lambda context, parameter, begun: [name for name in INTERACTIONS if name.startswith(begun)],
            help=f"Kind of the interaction: {', '.join(INTERACTIONS)}.",
        ),
        click.option(
            "--parameter",
            "parameters",
            type=Assignment(),
            multiple=True,
            metavar="NAME=NUMBER",
            help="A parameter of LennardJones (depth, sigma, offset), Morse (depth, distance, length, offset), "
            "Buckingham (amplitude, length, dispersion, offset), or a name in the formula; may be given several times.",
        ),
        click.option("--matern-order", type=int, help="Order of the Matern interaction; 1 if left out."),
        click.option(
            "--potential",
            metavar="FORMULA",
            help="Interaction as a formula in the distance r, such as 'exp(-(r/4)**4)', instead of a named one.",
        ),
        click.option(
            "--samples", type=INPUT_FILE, help="Interaction through a table: distance and potential in each line."
        ),
        option("cutoff", None, "Distance at which --potential is cut off, where it decays too slowly."),
    ]
    return functools.reduce(lambda command, add: add(command), reversed(added), with_system)


def given_options() -> list[str]:
    """The options of a system that were given on the command line, in the order of the help."""
    context = click.get_current_context()
    names = [name for name in (*PARAMETERS, *CHAIN, *OWN)
             if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]  # fmt: skip
    return [next(p.opts[0] for p in context.command.params if p.name == name) for name in names]


def build_system(
    omega_fast: float, spacing: float, mass: float, bias: float, couplings: str | None, confinement: float | None,
    damping: float, **interaction: Any,
) -> System:  # fmt: skip
    """Build the system that the options describe."""
    from chaintheory import System

    chain = build_chain(omega_fast, spacing, couplings, confinement, damping)
    return System(chain, build_interaction(**interaction), mass=mass, bias=bias)


def build_chain(
    omega_fast: float, spacing: float, couplings: str | None, confinement: float | None, damping: float
) -> Chain:
    """Build the chain that the options describe: by its band, or by its springs."""
    from chaintheory import Chain

    if couplings is None:
        if confinement is not None:
            raise ValueError("--confinement goes with --couplings, which is left out")
        return Chain(omega_fast, spacing, damping)
    source = click.get_current_context().get_parameter_source("omega_fast")
    if source is click.core.ParameterSource.COMMANDLINE:
        raise ValueError("--omega-fast goes without --couplings, got both")
    try:
        if not couplings.isascii():  # float() reads digits of any script
            raise ValueError
        springs = [float(part) for part in couplings.split(",")]
    except ValueError:
        raise ValueError(f"--couplings must be numbers with commas between, got {couplings!r}") from None
    return Chain.from_springs(1.0 if confinement is None else confinement, springs, spacing, damping)


def build_interaction(
    interaction: str,
    amplitude: float,
    width: float,
    matern_order: int | None,
    potential: str | None,
    samples: Path | None,
    cutoff: float | None,
    parameters: Sequence[tuple[str, float]],
) -> Interaction:
    """Build the interaction that the options describe; options that it does not take are refused."""
    given = dict(parameters)
    own = "--potential" if potential is not None else "--samples" if samples is not None else None
    kind = kind_of(interaction)
    unused = ("amplitude", "width", "matern_order") if own or kind not in PLAIN else ()
    context = click.get_current_context()
    for name in ("interaction", *unused) if own else unused:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            what, instead = ("a named interaction", own) if own else ("an amplitude and a width", kind)
            raise ValueError(f"--{name.replace('_', '-')} goes with {what}, got {instead} as well")
    if own:
        try:
            return build(given, potential=potential, samples=samples, cutoff=cutoff)
        except ValueError as error:
            raise ValueError(f"{own}: {error}") from None
    if kind in PLAIN:
        given = {"amplitude": amplitude, "width": width} | given
    if matern_order is not None:
        if kind != "Matern":
            raise ValueError(f"--matern-order goes with --interaction Matern, got {kind}")
        given["order"] = matern_order
    try:
        return build(given, interaction=kind, cutoff=cutoff)
    except ValueError as error:
        hint = "".join(f" --parameter {name}=..." for name in str(error).partition(" needs ")[2].split(", ") if name)
        raise ValueError(f"{error}{': give' + hint if hint else ''}") from None


json_option = click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")


plot_option = click.option("--plot", type=PICTURE, help="Draw the result into this file (.png, .pdf or .svg).")
csv_option = click.option("--csv", type=OUTPUT_FILE, help="Write the result as a table into this file.")
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace output files that exist.")


def check_outputs(overwrite: bool) -> None:
    """Refuse to replace a file without --overwrite, and an input or another output of the command at any rate."""
    context = click.get_current_context()
    given = [(one, context.params.get(str(one.name))) for one in context.command.params]
    places = [(one, path) for one, path in given if isinstance(one.type, Place) and path is not None]
    for one, path in places:
        if one.type not in (OUTPUT_FILE, PICTURE):
            continue
        name = one.opts[0]
        for other, taken in places:
            if other is not one and same_file(path, taken):
                what = "file that is read" if other.type is INPUT_FILE else f"file at {other.opts[0]}"
                raise ValueError(f"{name} must not be the {what}, got {shown(str(path))}")
        if path.exists() and not overwrite:
            raise ValueError(f"{name} must not exist (or give --overwrite), got {shown(str(path))}")


def save_plot(axes: Any, path: Path) -> None:
    """Write the figure of some axes, at once or not at all."""
    import io

    from chaintheory.support.files import write_whole

    content = io.BytesIO()
    axes.figure.savefig(content, format=path.suffix.lower()[1:], dpi=200)
    write_whole(path, content.getvalue())


def save_csv(columns: dict[str, Any], path: Path) -> None:
    """Write columns as a table with a heading, numbers with all their digits, at once or not at all."""
    import csv
    import io

    from chaintheory.support.files import write_whole

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    rows = (column.tolist() if hasattr(column, "tolist") else column for column in columns.values())
    writer.writerows(zip(*rows, strict=True))
    write_whole(path, text.getvalue().encode())


def print_json(value: Any) -> None:
    """Print ``value`` as JSON; numbers that JSON does not know (inf, nan) become null."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def print_table(rows: Iterable[Sequence[Any]], headers: Sequence[str], **more: Any) -> None:
    """Print a table with a rule under its header."""
    from tabulate import tabulate

    click.echo(tabulate(list(rows), headers=list(headers), tablefmt="simple", **more))


def bar(total: float | None, what: str, unit: str = "it", **more: Any) -> Any:
    """Return a progress bar on stderr; none where stderr is not a terminal."""
    from tqdm import tqdm

    return tqdm(total=total, desc=what, unit=unit, disable=None, leave=False, **more)
