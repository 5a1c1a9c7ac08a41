"""Pictures as arrays of numbers from 0 to 1: reading, comparing and drawing them, and `transmission.py`'s options."""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageOps
from skimage import data, filters, transform


def levels(image, *, rgb=False, side=115):
    """The picture as (h, w, 3) of colours or (h, w, 1), 1 where it is dark, with at most `side` rows and columns."""
    image = ImageOps.exif_transpose(image).convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB" if rgb else "L")
    smaller = [max(1, round(n * min(1, side / max(image.size)))) for n in image.size[::-1]]
    shrunk = transform.resize(np.asarray(image), smaller, anti_aliasing=True)
    return shrunk if rgb else shrunk[..., None] <= filters.threshold_otsu(shrunk)


def built_in(*, rgb=False):
    """A silhouette of a horse, or a cat in colours."""
    return Image.fromarray(data.chelsea() if rgb else data.horse())


def from_columns(path):
    """The picture in an .npz: each column of X (2, m) and Y (1, m) or (3, m) is a pixel, in any order."""
    with np.load(path) as file:
        X, Y = file["X"], file["Y"]
    return Y[:, np.lexsort(X[::-1])].T.reshape(*[len(np.unique(row)) for row in X], len(Y))


def likeness(out, y):
    """The peak signal-to-noise ratio of colours; of a silhouette the intersection over union of its dark pixels."""
    if y.shape[-1] == 3:
        return f"PSNR {-10 * np.log10(np.mean((out - y) ** 2)):.1f} dB"
    both, either = ((y > 0.5) & (out > 0.5)).sum(), ((y > 0.5) | (out > 0.5)).sum()
    return f"intersection over union {both / max(1, either):.4f}"


def side_by_side(pictures, path, *, dpi):
    """A figure of three pictures, from a dict by title; the file is complete or not there."""
    h, w, _ = next(iter(pictures.values())).shape
    figure = Figure(figsize=(13, 0.45 + 4.25 * h / w), layout="constrained")
    for ax, (title, image) in zip(figure.subplots(1, 3), pictures.items(), strict=True):
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        ax.set(title=f"{title}: {image.shape[0]} x {image.shape[1]}", xticks=[], yticks=[])
    figure.savefig(part := path.with_name(f"part-{path.name}"), dpi=dpi)
    part.replace(path)


def command_line(story):
    """The parser, its arguments, and the picture that they name; every error is one line."""
    parser = argparse.ArgumentParser(description=story)
    parser.error = lambda message: parser.exit(2, f"transmission: {message}\n")
    add = parser.add_argument
    add("--image", "--npz", dest="file", help="a picture, or .npz: X (2, m), and Y (1, m), dark, or (3, m)")
    add("--rgb", action="store_true", help="learn colours; without --image, of a picture of a cat")
    add("--article", action="store_true", help="train relu by the plan of the article, which takes minutes")
    add("--seed", type=int, default=1, help="the seed of the initial weights")
    add("--steps-scale", type=float, default=1, metavar="F", help="multiply the number of steps by F")
    add("--enhance", type=int, default=10, metavar="N", help="multiply rows and columns by N")
    add("--out", type=Path, default="transmission.png", metavar="FILE", help="the file of the figure")
    args = parser.parse_args()
    if not (0 < args.steps_scale < 1e6 and 0 <= args.seed < 2**31):
        parser.error("--steps-scale must be above 0, and --seed in [0, 2**31)")
    try:
        is_npz, image = str(args.file).endswith(".npz"), built_in(rgb=args.rgb) if not args.file else None
        picture = from_columns(args.file) if is_npz else levels(image or Image.open(args.file), rgb=args.rgb)
    except Exception as error:  # noqa: BLE001  readers of pictures raise many kinds of errors
        what = f"{args.file} is not a picture or an .npz of X (2, m) and Y (1, m) or (3, m)"
        parser.error(f"{what}: {type(error).__name__}")
    h, w, k = picture.shape
    if k not in (1, 3) or not 0 <= picture.min() <= picture.max() <= 1 or (picture == picture[0, 0]).all():
        parser.error("the picture must have at least two colours, of 1 or 3 numbers from 0 to 1")
    if args.enhance < 1 or h * w * args.enhance**2 > 10_000_000:
        parser.error(f"--enhance must make 1 to 10 million pixels of {h} x {w}, not {args.enhance}")
    if not args.out.parent.is_dir() or args.out.suffix[1:].lower() not in Figure().canvas.get_supported_filetypes():
        parser.error(f"--out must be a picture, such as horse.png, in a folder that exists, not {args.out}")
    return parser, args, picture
