r"""Sentences with formulas in them, as the ledger writes them in ASCII, set with letters, powers and indices.

>>> typeset("It tends to sqrt(8 pi^2 Phi0/mu) - omega_fast, for v > 0.")
'It tends to √(8 π<sup>2</sup> <i>Φ</i><sub>0</sub>/<i>μ</i>) − <i>ω</i><sub>fast</sub>, for <i>v</i> &gt; 0.'
>>> typeset("a mass <br>")
'a mass &lt;br&gt;'
"""

from __future__ import annotations

import html
import re

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "Gamma": "Γ", "delta": "δ", "Delta": "Δ", "eps": "ε", "epsilon": "ε",
    "theta": "θ", "kappa": "κ", "lambda": "λ", "Lambda": "Λ", "mu": "μ", "nu": "ν", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "phi": "φ", "Phi": "Φ", "chi": "χ", "omega": "ω", "Omega": "Ω", "hbar": "ħ",
    "dPhi": "dΦ", "drho": "dρ", "dsigma": "dσ", "sum": "∑",
}  # fmt: skip
SIGNS = {"sqrt": "√", "int": "∫", "infinity": "∞", "pi": "π", "<=": "≤", ">=": "≥", " - ": " − ", " * ": " · "}

# A symbol may have an index, primes, a hat and a power; "a", "A" and "I" alone are words.
LETTER = "|".join(sorted(GREEK, key=len, reverse=True)) + r"|[b-zB-HJ-Z]|a(?=[\^_])"
SYMBOL = re.compile(
    rf"(?<![\w'’])(?<!\w-)(?P<symbol>{LETTER})(?:(?P<digit>\d)|_(?P<index>\w+|\([^()]*\)))?(?P<primes>'*)(?![\w’]|-[a-z])"
    r"(?P<hat>(?<=[FQf])\^(?=[\s/(]))?"
    r"|(?<=[\w)|'])\^(?P<power>-?\w+|\((?P<bracket>[^()]*)\)|\|[^|]*\|)"
    r"|(?<=[\d^])\^?(?P<pi>pi)\b"
    r"|\b(?P<word>sqrt(?=\()|int|infinity|pi)\b|(?P<sign><=|>=| - | \* )"
    r"|(?<=\))_(?P<low>\w)"
    r"|(?<=[\s(=])-(?=[\d\w(])"
)


def typeset(text: str) -> str:
    """Return a sentence as HTML, escaped, with its formulas set."""
    text = re.sub(r"\babs\(([^()]*)\)", r"|\1|", text)
    parts, at = [], 0
    for match in SYMBOL.finditer(text):
        parts += [html.escape(text[at : match.start()]), piece(match)]
        at = match.end()
    return "".join([*parts, html.escape(text[at:])])


def piece(match: re.Match[str]) -> str:
    """Return one symbol, power or sign."""
    if symbol := match["symbol"]:
        if symbol == "sum" and not match["index"]:
            return match[0]
        letter = GREEK.get(symbol, symbol) + ("\N{COMBINING CIRCUMFLEX ACCENT}" if match["hat"] else "")
        index = match["digit"] or match["index"] or ""
        lowered = f"<sub>{GREEK.get(index, index.strip('()'))}</sub>" if index else ""
        return f"<i>{letter}</i>{lowered}{'′' * len(match['primes'])}"
    if power := match["power"]:
        return f"<sup>{typeset(match['bracket'] or power).replace('-', '−')}</sup>"
    if match["low"]:
        return f"<sub>{match['low']}</sub>"
    if match[0] == "-":
        return "−"
    return SIGNS[match["word"] or match["pi"] or match["sign"]]
