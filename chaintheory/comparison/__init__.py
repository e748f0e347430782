"""Theory beside simulations, and simulations beside the published ones."""
