"""Everything on one page that opens with no network."""
