"""What the site's pages are made from: the ledger, the sources, the figures. Used by ``docs/conf.py`` and its tests."""
