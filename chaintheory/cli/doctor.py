"""``chaintheory doctor``: what is installed, and whether it works."""

from __future__ import annotations

import click

from chaintheory.cli.options import json_option, print_json, print_table


@click.command(epilog="Example: chaintheory doctor")
@json_option
def doctor(as_json: bool) -> None:
    """Print versions and the vectors in use, and run a self-test of two seconds.

    Exit code 1 if a check of the self-test fails.
    """
    from chaintheory.cli.installation import installation, self_test

    found = installation()
    checks = list(self_test())
    if as_json:
        tests = [{"check": name, "ok": ok, "detail": detail} for name, ok, detail in checks]
        print_json({"installation": found, "self_test": tests})
    else:
        print_table(found.items(), ("", "version"), disable_numparse=True)
        click.echo()
        rows = [(name, "ok" if ok else "FAILS", detail) for name, ok, detail in checks]
        print_table(rows, ("self-test", "", ""), disable_numparse=True)
    if not all(ok for _, ok, _ in checks):
        raise click.exceptions.Exit(1)
