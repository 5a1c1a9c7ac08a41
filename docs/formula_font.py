"""Write the font of the formulas, docs/_static/formulas.woff2, from a font with a table for mathematics.

    pip install "fonttools[woff]" ziamath
    python docs/formula_font.py

ziamath has STIX Two Math, under the SIL Open Font License, docs/_static/formulas_licence.txt; no name is reserved. The
part has letters, digits and the signs of the site's formulas, with the larger forms of brackets, roots and sums.
"""

import string
import sys
import unicodedata
from importlib.util import find_spec
from pathlib import Path

from fontTools import subset

GREEK = "ΓΔΘΛΞΠΣΦΨΩαβγδεζηθικλμνξοπρστυφχψωϵϑϕ"
SIGNS = "\u00a0\u2061±×·ˆˇ˙˜¯¨…′″ℒℓℝ←→↔↦⇒∀∂∃∇∈∏∑−∓∗∘√∝∞∣∥∫∶∼≈≠≡≤≥≪≫⊂⊙⊕⊗⊤⊥⋅⋯⋮⋱⌈⌉⌊⌋⟨⟩"  # noqa: RUF001  signs of mathematics
ITALIC = {  # what a browser draws for a letter, ∂ or ∇ that is a variable
    unicodedata.normalize("NFKC", chr(code)): chr(code) for code in [*range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D716)]
} | {"h": "ℎ", "ϵ": "𝜖", "ϑ": "𝜗", "ϕ": "𝜙"}  # noqa: RUF001  h is the constant of Planck
CHARACTERS = {chr(code) for code in range(32, 127)} | {*GREEK, *SIGNS}
CHARACTERS |= {ITALIC[letter] for letter in [*string.ascii_letters, *GREEK, *"∂∇"]}


def main() -> None:
    """Write the part of the font that the site needs."""
    [package] = find_spec("ziamath").submodule_search_locations
    source = Path(package) / "fonts" / "STIXTwoMath-Regular.ttf"
    options = subset.Options(flavor="woff2", layout_features=[], hinting=False, name_IDs=[0, 1, 2, 4, 13, 14])
    font = subset.load_font(str(source), options)
    missing = sorted(CHARACTERS - {chr(code) for code in font.getBestCmap()})
    if missing:
        sys.exit(f"the font has no {' '.join(missing)}")
    chosen = subset.Subsetter(options)
    chosen.populate(text="".join(CHARACTERS))
    chosen.subset(font)
    subset.save_font(font, Path(__file__).parent / "_static" / "formulas.woff2", options)


if __name__ == "__main__":
    main()
