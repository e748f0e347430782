"""Pictures and tables of results: runs, passes, curves, resonances, drift velocities, ensembles, sweeps.

Each function takes numbers and a ``Scale``, draws into the axes that it is given, or into new ones, and returns
Matplotlib's objects. Matplotlib is loaded by the first picture; it belongs to the extra ``plot``.
"""
