"""Write the font of the formulas, docs/_static/formulas.woff2, from a font with a table for mathematics.

    pip install "fonttools[woff]" ziamath
    python docs/formula_font.py "$(python -c 'import ziamath; print(ziamath.__path__[0])')/fonts/STIXTwoMath-Regular.ttf"

The font has letters, digits and signs that formulas of the site use, with the larger forms of brackets, roots and sums.
STIX Two Math has the SIL Open Font License, docs/_static/formulas_licence.txt, and reserves no name.
"""

import string
import sys
import unicodedata
from pathlib import Path

from fontTools import subset

GREEK = "ΓΔΘΛΞΠΣΦΨΩαβγδεζηθικλμνξοπρστυφχψωϵϑϕ"
SIGNS = "\u00a0\u2061±×·ˆˇ˙˜¯¨…′″ℒℓℝ←→↔↦⇒∀∂∃∇∈∏∑−∓∗∘√∝∞∣∥∫∶∼≈≠≡≤≥≪≫⊂⊙⊕⊗⊤⊥⋅⋯⋮⋱⌈⌉⌊⌋⟨⟩"
ITALIC = {  # what a browser draws for a letter, ∂ or ∇ that is a variable
    unicodedata.normalize("NFKC", chr(code)): chr(code) for code in [*range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D716)]
} | {"h": "ℎ", "ϵ": "𝜖", "ϑ": "𝜗", "ϕ": "𝜙"}
CHARACTERS = {chr(code) for code in range(32, 127)} | {*GREEK, *SIGNS}
CHARACTERS |= {ITALIC[letter] for letter in [*string.ascii_letters, *GREEK, *"∂∇"]}


def main(source: str) -> None:
    """Write the part of the font at `source` that the site needs."""
    options = subset.Options(flavor="woff2", layout_features=[], hinting=False, name_IDs=[0, 1, 2, 4, 13, 14])
    font = subset.load_font(source, options)
    missing = sorted(CHARACTERS - {chr(code) for code in font.getBestCmap()})
    if missing:
        sys.exit(f"the font has no {' '.join(missing)}")
    chosen = subset.Subsetter(options)
    chosen.populate(text="".join(CHARACTERS))
    chosen.subset(font)
    subset.save_font(font, Path(__file__).parent / "_static" / "formulas.woff2", options)


if __name__ == "__main__":
    main(sys.argv[1])
