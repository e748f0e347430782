"""Source generated from the ledger by ``make regenerate``; not edited by hand."""
