"""The ledger as an arc diagram: one line a statement, arcs to what it is derived from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LINE = 19.0  # height of a line, in pixels
MARGIN = 0.5 * LINE


@dataclass(frozen=True)
class Arcs:
    """Where the lines and arcs of the diagram are drawn, for the template.

    ``nodes`` have id, title, evidence and y; ``paths`` are SVG paths that end at x = 0.
    """

    nodes: list[dict[str, Any]]
    paths: list[str]
    width: float
    height: float

    @classmethod
    def of(cls, entries: list[dict[str, Any]]) -> Arcs:
        """Lay out the statements in the order of the ledger, parents above children; parents elsewhere are left out.

        >>> two = [{"id": "a", "parents": []}, {"id": "b", "parents": ["a"]}]
        >>> Arcs.of([entry | {"title": "", "evidence": ""} for entry in two]).paths
        ['M0 28.5 C-8.0 28.5 -8.0 9.5 0 9.5']
        """
        place = {entry["id"]: MARGIN + LINE * row for row, entry in enumerate(entries)}
        nodes = [
            {
                "id": e["id"],
                "title": e["title"],
                "evidence": e["evidence"],
                "y": place[e["id"]],
            }
            for e in entries
        ]
        paths, widest = [], 0.0
        for entry in entries:
            for parent in entry["parents"]:
                if parent not in place:
                    continue
                start, end = place[entry["id"]], place[parent]
                # Long arcs reach farther out, but not in proportion: all must fit on a page.
                reach = 8.0 * ((start - end) / LINE) ** 0.75
                widest = max(widest, 0.75 * reach)  # a cubic reaches three quarters of its handles
                paths.append(f"M0 {start} C{-reach:.1f} {start} {-reach:.1f} {end} 0 {end}")
        return cls(nodes, paths, widest + 6.0, LINE * len(entries))
