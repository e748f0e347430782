"""The theory of drag in a one-dimensional crystal, stated once, in SymPy, and verified.

>>> from derivations.ledger import find
>>> find("eq07_gaussian_closed_form").equation
'Eq. 7'
"""
