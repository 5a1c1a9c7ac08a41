"""The picture of index.md: the two panels of transmission.png that networks drew best, side by side."""

from pathlib import Path

from PIL import Image

PAGES = Path(__file__).parent
PANELS = ((806, 24, 1196, 342), (823, 375, 1138, 632))  # the horse, and the face of the cat: left, top, right, bottom
WIDTH, HEIGHT, GAP = 298, 244, 4


def main() -> None:
    """Write `horse_and_cat.png`."""
    source = Image.open(PAGES / "transmission.png").convert("RGB")
    sheet = Image.new("RGB", (2 * WIDTH + GAP, HEIGHT), "white")
    for i, panel in enumerate(PANELS):
        sheet.paste(source.crop(panel).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), (i * (WIDTH + GAP), 0))
    sheet.quantize(128).save(PAGES / "horse_and_cat.png", optimize=True)


if __name__ == "__main__":
    main()
