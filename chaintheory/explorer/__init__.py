"""The explorer: one page with sliders for curves, drift velocities and a live run, computed in the browser."""
