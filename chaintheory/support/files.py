"""Files that are there and not endless are read; files are written whole or not at all."""

from __future__ import annotations

import io
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chaintheory.support.validation import shown, truth

MOST_TEXT = 2**28  # characters of a text file that is read whole


def existing_file(name: str, path: str | os.PathLike[str]) -> Path:
    """The path of a plain file, or ValueError: a device may never end, and a FIFO waits for a writer."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{name} must be a path, got {shown(path)}")
    try:
        if (found := Path(path)).is_file():
            return found
    except OSError as problem:
        raise ValueError(
            f"{name} must be a file that can be read, got {shown(str(path))}: {problem.strerror}"
        ) from None
    raise ValueError(f"{name} must be a file that exists, got {shown(str(path))}")


def read_text(name: str, path: str | os.PathLike[str]) -> str:
    """The text of a plain file in UTF-8, or ValueError."""
    found = existing_file(name, path)
    try:
        with found.open(encoding="utf-8") as opened:
            text = opened.read(MOST_TEXT + 1)
    except (OSError, UnicodeDecodeError) as problem:
        raise ValueError(f"{name} must be a text file that can be read, got {shown(str(path))}: {problem}") from None
    if len(text) > MOST_TEXT:
        raise ValueError(f"{name} must be a text file of at most {MOST_TEXT} characters, got {shown(str(path))}")
    return text


def unreadable(problem: Exception) -> str:
    """Why a text was not read: what the reader said of it, but for a depth, which it gives in words of Python.

    >>> unreadable(RecursionError("maximum recursion depth exceeded"))
    'brackets or tables are nested too deeply'
    """
    return "brackets or tables are nested too deeply" if isinstance(problem, RecursionError) else str(problem)


def check_target(name: str, path: str | os.PathLike[str], size: float = 0.0) -> Path:
    """The absolute path of a file that can be written, or ValueError: looked at before a run, not after it.

    A directory, device, FIFO or symbolic link is never replaced; ``size`` bytes must be free.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{name} must be a path, got {shown(path)}")
    try:
        target = Path(path).absolute()
        if not target.parent.is_dir():
            raise ValueError(f"{name} must be in a directory that exists, got {shown(str(path))}")
        if (target.is_symlink() or target.exists()) and not stat.S_ISREG(os.lstat(target).st_mode):
            raise ValueError(
                f"{name} must be a plain file or a new one, no link, directory or device: {shown(str(path))}"
            )
        try:
            os.lstat(target)  # a name that is too long, or cannot be one
        except FileNotFoundError:
            pass
        except ValueError as problem:
            raise ValueError(f"{name} must be a file that can be written, got {shown(str(path))}: {problem}") from None
        free = shutil.disk_usage(target.parent).free
    except OSError as problem:
        raise ValueError(
            f"{name} must be a file that can be written, got {shown(str(path))}: {problem.strerror}"
        ) from None
    if not os.access(target.parent, os.W_OK | os.X_OK) or (target.exists() and not os.access(target, os.W_OK)):
        raise ValueError(f"{name} must be a file that may be written, got {shown(str(path))}")
    if size > free:
        raise ValueError(
            f"{name} must be on a disk with {size / 2**20:.0f} MiB free, got {shown(str(path))} with "
            f"{free / 2**20:.0f} MiB"
        )
    return target


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths are of one file, which need not exist."""
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def refuse_input(name: str, path: str | os.PathLike[str], inputs: Iterable[Path]) -> None:
    """ValueError where a file to be written is one that was read."""
    if any(same_file(Path(path), one) for one in inputs):
        raise ValueError(f"{name} must not be a file that was read, got {shown(str(path))}")


def check_replaced(
    path: str | os.PathLike[str],
    what: str,
    made_here: Callable[[Path], bool],
    *,
    overwrite: bool = False,
    inputs: Iterable[Path] = (),
    name: str = "path",
) -> None:
    """ValueError where writing would replace an input, or a file that is not ``what`` this package makes.

    ``overwrite`` lets it replace any file but the inputs; an empty one holds nothing to lose.
    """
    target = check_target(name, path)
    refuse_input(name, target, inputs)
    if not truth("overwrite", overwrite) and target.exists() and target.stat().st_size and not made_here(target):
        raise ValueError(f"{name} must be new or {what} (or give overwrite=True), got {shown(str(path))}")


def write_table(
    path: str | os.PathLike[str],
    columns: Mapping[str, NDArray[np.float64]],
    *,
    overwrite: bool = False,
    inputs: Iterable[Path] = (),
) -> None:
    """Write columns as a table with a heading, every number with all its digits, at once or not at all.

    It replaces a table with this heading, with ``overwrite`` any file, but none of the ``inputs``.
    """
    heading = ",".join(columns)

    def made_here(target: Path) -> bool:
        with target.open("rb") as opened:
            return opened.readline(len(heading) + 2).rstrip(b"\n") == heading.encode()

    check_replaced(path, "a table with the same heading", made_here, overwrite=overwrite, inputs=inputs)
    text = io.StringIO()
    np.savetxt(text, np.stack(list(columns.values()), axis=1), "%.17g", ",", header=heading, comments="")
    write_whole(path, text.getvalue().encode())


def write_whole(path: str | os.PathLike[str], content: bytes | memoryview) -> None:
    """Write a file at once or not at all: beside its name, flushed to the disk, then renamed."""
    target = check_target("path", path)
    temporary = target.with_name(f".chaintheory-{secrets.token_hex(8)}.part")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with os.fdopen(handle, "wb") as written:
            if target.exists() and hasattr(os, "fchmod"):
                os.fchmod(handle, stat.S_IMODE(target.stat().st_mode))
            written.write(content)
            written.flush()
            os.fsync(handle)
        os.replace(temporary, target)
    except OSError as problem:
        temporary.unlink(missing_ok=True)
        raise OSError(problem.errno, problem.strerror, str(target)) from None  # a full disk does not say which file
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the directory's entry too
        directory = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
