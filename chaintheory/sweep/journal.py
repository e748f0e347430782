"""The points of a sweep that are done, in an SQLite database beside the output, from which a sweep is resumed.

SQLite commits a point whole or not at all, whatever kills the process or fills the disk. On top of it each row carries
a SHA-256 digest of the sweep, the index and the result: a row that does not match its digest is computed again. The
database stays locked while a sweep runs, so that a second one is refused. A file that is not such a journal, or a
link, is refused and left as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import sqlite3
import stat
import warnings
from pathlib import Path
from typing import Any

from chaintheory import __version__

Result = dict[str, Any]

APPLICATION = 0x63687377  # "chsw", in the header of each journal
# Errors of a disk, not of what is on it; SQLITE_IOERR_SHORT_READ, which a file that was cut gives, is none of them.
NO_ROOM = {
    getattr(sqlite3, f"SQLITE_{name}")
    for name in ("FULL", "IOERR_WRITE", "IOERR_FSYNC", "IOERR_TRUNCATE", "IOERR_DELETE", "READONLY", "CANTOPEN")
}
HEADER = b"SQLite format 3\x00"
ROLLBACK = bytes.fromhex("d9d505f920a163d7")  # begins SQLite's own rollback file; zeros once it has served


class JournalWarning(UserWarning):
    """Points of a journal were damaged; they are computed again."""


class Journal:
    """The results of one sweep by index; ``with`` opens the database, locks it and reads what is there.

    Parameters
    ----------
    path
        The database. It is made if nothing is there.
    digest
        The sweep that it belongs to; the version of the package belongs to it too.
    variables
        Names of the numbers (or lists of numbers) that a result holds.

    Raises
    ------
    ValueError
        Something else stands at the path, the journal belongs to another sweep or version, is damaged beyond its rows,
        or another process writes to it.
    """

    def __init__(self, path: Path, digest: str, variables: tuple[str, ...]) -> None:
        self.path, self.digest, self.variables = path, digest, variables
        self.results: dict[int, Result] = {}

    def __enter__(self) -> Journal:
        """Open, lock and read the database."""
        made = self._made()
        try:
            self._base = sqlite3.connect(f"{self.path.as_uri()}?mode=rw", uri=True, timeout=0.0, isolation_level=None)
            try:
                self._open(made)
            except BaseException:
                self._base.close()
                raise
        except (sqlite3.Error, UnicodeDecodeError) as problem:  # SQLite's messages quote what is damaged
            if getattr(problem, "sqlite_errorcode", None) in NO_ROOM:
                if made:
                    self.path.unlink()
                raise self._unwritten(problem) from None
            raise ValueError(self._explained(problem)) from None
        self._identity = self._of(os.lstat(self.path))
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database; it stays for the next try if it holds a result."""
        if not self.results:
            self.remove()
        else:
            self._base.close()

    def _made(self) -> bool:
        """Make an empty file if nothing is there; ValueError if what is there is no journal."""
        for side in ("-journal", "-wal", "-shm"):  # SQLite would open these
            beside = self.path.with_name(self.path.name + side)
            with contextlib.suppress(FileNotFoundError):
                # Without its database it is what a sweep left that was killed while it removed both; SQLite ignores it.
                ours = stat.S_ISREG(os.lstat(beside).st_mode)
                if not (ours and beside.read_bytes()[: len(ROLLBACK)] in (ROLLBACK, bytes(len(ROLLBACK)), b"")):
                    raise ValueError(f"{str(beside)!r} is in the way of the journal of this sweep: remove it")
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            return True
        except FileExistsError:
            pass
        if stat.S_ISREG(os.lstat(self.path).st_mode):
            content = self.path.read_bytes()[: len(HEADER)]
            if not content or content == HEADER:  # it is empty where a sweep was killed at its very start
                return not content
        raise ValueError(f"{str(self.path)!r} is not the journal of a sweep: remove it or choose another output")

    def _open(self, made: bool) -> None:
        base = self._base
        # A row that is no text any more does not match its digest.
        base.text_factory = lambda content: content.decode("utf-8", "replace")
        base.execute("pragma locking_mode = exclusive")
        base.execute("pragma synchronous = full")
        base.execute("begin exclusive")  # held until the database is closed
        if made or not base.execute("select count(*) from sqlite_master").fetchone()[0]:
            base.execute(f"pragma application_id = {APPLICATION}")
            base.execute("create table sweep (digest text not null, version text not null)")
            base.execute("create table point (number integer primary key, result text not null, digest text not null)")
            base.execute("insert into sweep values (?, ?)", (self.digest, __version__))
        base.execute("commit")
        if base.execute("pragma application_id").fetchone() != (APPLICATION,):
            raise ValueError(f"{str(self.path)!r} is not the journal of a sweep: remove it or choose another output")
        if base.execute("select * from sweep").fetchall() != [(self.digest, __version__)]:
            raise ValueError(
                f"output has a journal of another sweep or version beside it, {str(self.path)!r}: "
                "remove it or choose another output"
            )
        damaged = 0
        for number, text, digest in base.execute("select * from point order by number"):
            if digest == self._checksum(number, text) and (result := self._read(text)) is not None:
                self.results[number] = result
            else:
                damaged += 1
        if damaged:
            warnings.warn(
                f"{damaged} points of the journal {str(self.path)!r} are damaged and are computed again",
                JournalWarning,
                stacklevel=3,
            )

    def _unwritten(self, problem: Exception) -> OSError:
        return OSError(f"the journal {str(self.path)!r} cannot be written: {problem}")

    def _explained(self, problem: Exception) -> str:
        if "locked" in str(problem):
            return f"another sweep writes to {str(self.path)!r}: wait for it, or choose another output"
        return f"the journal {str(self.path)!r} is damaged ({problem}): remove it, or choose another output"

    def _checksum(self, number: object, text: object) -> str:
        return hashlib.sha256(f"{self.digest}\n{number}\n{text}".encode()).hexdigest()

    def _read(self, text: str) -> Result | None:
        """The result in a row's text; None unless it holds what a result of this sweep holds."""
        try:
            result = json.loads(text)
        except (RecursionError, ValueError):
            return None
        return result if is_result(result, self.variables) else None

    def add(self, number: int, result: Result) -> bool:
        """Keep a result, on the disk; False, and nothing is kept, if the point is there already."""
        if number in self.results:
            return False
        if not is_result(result, self.variables):
            raise ValueError(f"point {number} gave {result!r:.200}, which is not what a point of this sweep holds")
        text = json.dumps(result)
        try:
            self._base.execute(
                "insert or replace into point values (?, ?, ?)", (number, text, self._checksum(number, text))
            )
        except sqlite3.Error as problem:
            raise self._unwritten(problem) from None
        self.results[number] = result
        return True

    def remove(self) -> None:
        """Close and remove the journal, if it is still the file that was opened."""
        with contextlib.suppress(FileNotFoundError):
            if self._of(os.lstat(self.path)) == self._identity:
                self.path.unlink()
        self._base.close()

    @staticmethod
    def _of(status: os.stat_result) -> tuple[int, int]:
        return status.st_dev, status.st_ino


def is_result(result: object, variables: tuple[str, ...]) -> bool:
    """Whether this is a number, or a list of numbers, for each variable; or the reason why the point was refused.

    >>> is_result({"final_speed": 1.0}, ("final_speed",)), is_result({"final_speed": "1"}, ("final_speed",))
    (True, False)
    """
    if not isinstance(result, dict):
        return False
    if set(result) == {"refused"}:
        return isinstance(result["refused"], str)
    values = [one for value in result.values() for one in (value if isinstance(value, list) else [value])]
    return set(result) == set(variables) and all(isinstance(one, float) and math.isfinite(one) for one in values)
