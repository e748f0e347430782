"""The refusals of the package, read from its sources, and what to do about each.

A refusal is a ``raise`` with a message. Its values are written as an ellipsis. ``refusals.toml`` beside this file says
what to do; the first rule whose pattern is in the message counts.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "chaintheory"
NOT_FOR_USERS = {"AttributeError", "AssertionError", "KeyError", "RuntimeError", "ArithmeticError"}
TOPICS = {
    "support": "Values of parameters",
    "parameters": "Values of parameters",
    "interactions": "Interactions, formulas and tables",
    "lattice": "Chain, memory kernel and resonances",
    "units": "Physical units",
    "dissipation": "Dissipation and steady drift",
    "drift": "Drift velocities and resonances",
    "simulation": "Runs and their files",
    "system": "Runs and their files",
    "comparison": "Comparison with your data and with published runs",
    "figures": "Figures, sweeps, report",
    "sweep": "Figures, sweeps, report",
    "report": "Figures, sweeps, report",
    "cli": "Command line",
}


@dataclass(frozen=True)
class Refusal:
    """A message with its exception and the file that has it."""

    message: str
    exception: str
    file: str

    @property
    def topic(self) -> str:
        """The heading that it stands under."""
        room = self.file.split("/")[1].removesuffix(".py")
        return TOPICS.get(room, room.replace("_", " ").capitalize())


def rendered(node: ast.expr | None, known: dict[str, ast.expr]) -> str:
    """Return a message with an ellipsis for each value."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(rendered(value, known) for value in values)
        case ast.FormattedValue(value=ast.Name(id=name)) | ast.Name(id=name) if name in known:
            return rendered(known[name], {key: value for key, value in known.items() if key != name})
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return rendered(left, known) + rendered(right, known)
        case ast.Call(func=ast.Attribute(value=inner, attr="replace")):
            return rendered(inner, known)
    return "…"


def texts(function: ast.AST) -> dict[str, ast.expr]:
    """Return the names that a function gives to texts."""
    return {
        node.targets[0].id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.JoinedStr | ast.Constant)
        and (isinstance(node.value, ast.JoinedStr) or isinstance(node.value.value, str))
    }


def in_source(source: str, file: str) -> Iterator[Refusal]:
    r"""Yield the refusals of one source.

    >>> next(in_source("def f(v):\n    raise ValueError(f'speed must not be 0 at third order, got {v}')", "a/b.py"))
    Refusal(message='speed must not be 0 at third order, got …', exception='ValueError', file='a/b.py')
    """
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        known = texts(function)
        raised = (node for node in ast.walk(function) if isinstance(node, ast.Raise))
        for node in sorted(raised, key=lambda node: node.lineno):
            if not (isinstance(node.exc, ast.Call) and node.exc.args):
                continue
            exception = ast.unparse(node.exc.func).rpartition(".")[2]
            message = " ".join(rendered(node.exc.args[0], known).split())
            if exception not in NOT_FOR_USERS and len(re.findall(r"[a-z]{2,}", message)) >= 3:
                yield Refusal(message, exception, file)


@lru_cache(maxsize=1)
def refusals() -> tuple[Refusal, ...]:
    """Return all refusals of the package, each message once."""
    found: dict[str, Refusal] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for refusal in in_source(path.read_text(encoding="utf-8"), path.relative_to(PACKAGE.parent).as_posix()):
            found.setdefault(refusal.message, refusal)
    return tuple(found.values())


@lru_cache(maxsize=1)
def rules() -> tuple[tuple[str, str], ...]:
    """Return the pairs of a pattern and what to do."""
    listed = tomllib.loads((HERE / "refusals.toml").read_text(encoding="utf-8"))
    return tuple((rule["has"], rule["do"]) for rule in listed["rule"])


def advice(refusal: Refusal) -> tuple[str, str]:
    """Return the rule that a message falls under: its pattern and what to do."""
    return next((has, do) for has, do in rules() if re.search(has, refusal.message))


def quoted(message: str) -> str:
    """Return a message in Markdown's backticks, which it may hold itself.

    >>> quoted("speed must not be 0")
    '`speed must not be 0`'
    """
    return f"`` {message} ``" if "`" in message else f"`{message}`"


def page() -> str:
    """Return the page as Markdown: by topic, messages with one remedy together."""
    lines = [
        "# Errors explained",
        "",
        "A wrong value is a `ValueError`, a wrong type a `TypeError`; both say in one line what is allowed, and what",
        "was given. The command line prints the same line and ends with the exit code 2. Search this page for",
        "words of the message; an ellipsis stands for a name or a value. The messages are read from the sources.",
        "",
    ]
    by_topic: dict[str, dict[str, list[Refusal]]] = {}
    for refusal in refusals():
        by_topic.setdefault(refusal.topic, {}).setdefault(advice(refusal)[1], []).append(refusal)
    for topic in dict.fromkeys([*TOPICS.values(), *by_topic]):
        if topic not in by_topic:
            continue
        lines += [f"## {topic}", ""]
        for do, group in by_topic[topic].items():
            lines += [f"- {quoted(refusal.message)} ({refusal.exception})" for refusal in group]
            lines += ["", f":::{{container}} remedy\n{do}\n:::", ""]
    return "\n".join(lines) + "\n"
