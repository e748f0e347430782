"""Run the notebooks; ``python notebooks/execute.py [NAME...]`` keeps their new outputs.

Only what a reader sees is kept: no times, no ids of the run, so that the same numbers give the same
file.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent


def execute(path: Path, directory: Path):
    """Return the notebook at ``path`` with fresh outputs, run in ``directory``; its errors raise."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        coalesce_streams=True,  # what is printed in one cell is one output, however it arrives
        resources={"metadata": {"path": str(directory)}},
    ).execute()
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", ()):
            output.get("metadata", {}).clear()
            if "image/png" in output.get("data", {}):
                output["data"].pop("text/plain", None)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def main(names: list[str]) -> None:
    """Run the notebooks named, or all, and write them back."""
    import nbformat

    for path in [HERE / name for name in names] or sorted(HERE.glob("*.ipynb")):
        print(path.name, flush=True)
        nbformat.write(execute(path, HERE), path)


if __name__ == "__main__":
    main(sys.argv[1:])
