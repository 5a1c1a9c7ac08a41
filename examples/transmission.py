"""A picture as a function: a network learns brightness from (row, column), and draws at any resolution."""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageOps
from skimage import data, filters, transform
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from funcnn import Sigmoid, TrainState, he_normal, losses, mlp, predict, schedules, train, value_and_grad
from funcnn.plot import coordinates

# (learning rate, steps). BOLD is the plan of the article followed here; its first rate can make the output constant.
SAFE = (0.6, 4000), (0.3, 3000), (0.15, 2000), (0.075, 1000)
BOLD = (2.8, 1000), (1.4, 2000), (0.6, 2000), (0.3, 2000), (0.15, 4000), (0.075, 5000), (0.0375, 8000), (0.01875, 4000)

parser = argparse.ArgumentParser(description=__doc__)
parser.error = lambda message: parser.exit(2, f"transmission: {message}\n")  # every error on one line
parser.add_argument("--image", "--npz", dest="file", help="a picture, or .npz: X (2, m), and Y (1, m), dark, or (3, m)")
parser.add_argument("--rgb", action="store_true", help="learn colours; without --image, of a picture of a cat")
parser.add_argument("--article", action="store_true", help="the plan and initial weights of the article; takes minutes")
parser.add_argument("--seed", type=int, default=1, help="the seed of the initial weights")
parser.add_argument("--steps-scale", type=float, default=1, metavar="F", help="multiply the number of steps by F")
parser.add_argument("--enhance", type=int, default=10, metavar="N", help="multiply rows and columns by N")
parser.add_argument("--out", type=Path, default="transmission.png", metavar="FILE", help="the file of the figure")
args = parser.parse_args()
if not (0 < args.steps_scale < 1e6 and 0 <= args.seed < 2**31):
    parser.error("--steps-scale must be above 0, and --seed in [0, 2**31)")
try:
    if args.file and args.file.endswith(".npz"):
        with np.load(args.file) as file:
            X, Y = file["X"], file["Y"]  # each column is a pixel, in any order
        picture = Y[:, np.lexsort(X[::-1])].T.reshape(*[len(np.unique(row)) for row in X], len(Y))
    else:
        image = Image.open(args.file) if args.file else Image.fromarray(data.chelsea() if args.rgb else data.horse())
        image = ImageOps.exif_transpose(image).convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB" if args.rgb else "L")
        smaller = [max(1, round(side * min(1, 115 / max(image.size)))) for side in image.size[::-1]]
        levels = transform.resize(np.asarray(image), smaller, anti_aliasing=True)  # from 0 to 1
        picture = levels if args.rgb else levels[..., None] <= filters.threshold_otsu(levels)  # 1 is dark
except Exception as error:  # noqa: BLE001  readers of pictures raise many kinds of errors
    parser.error(f"{args.file} is not a picture or an .npz of X (2, m) and Y (1, m) or (3, m): {type(error).__name__}")
h, w, k = picture.shape
if k not in (1, 3) or not 0 <= picture.min() <= picture.max() <= 1 or (picture == picture[0, 0]).all():
    parser.error("the picture must have at least two colours, of 1 or 3 numbers from 0 to 1")
if args.enhance < 1 or h * w * args.enhance**2 > 10_000_000:
    parser.error(f"--enhance must make 1 to 10 million pixels of {h} x {w}, not {args.enhance}")
if not args.out.parent.is_dir() or args.out.suffix[1:].lower() not in Figure().canvas.get_supported_filetypes():
    parser.error(f"--out must be a picture, such as horse.png, in a folder that exists, not {args.out}")

net, plan = mlp([2, 27, 31, 31, k], seed=args.seed, weights=he_normal, dtype=np.float32), SAFE
loss = losses.binary_cross_entropy_with_logits  # its gradient for a logit is p - y, in grey and in colours
if args.article:
    random = np.random.RandomState(args.seed)
    weights = lambda _seed, shape, _dtype: 0.2 * random.randn(*shape[::-1]).T  # drawn layer by layer
    net, plan, loss = (*mlp([2, 27, 31, 31, k], seed=0, weights=weights), Sigmoid()), BOLD, losses.binary_cross_entropy
x, y = [a.astype(net[0].W.dtype) for a in (coordinates((h, w)), picture.reshape(-1, k))]
plan = [(k * lr, max(1, round(steps * args.steps_scale))) for lr, steps in plan]  # a cost is a mean over k outputs
total, lr = sum([steps for _, steps in plan]), schedules.stages(*plan)
threadpool_limits(1)  # measured: a second BLAS thread saves a tenth of the time, and triples it if another process runs
for state in (bar := tqdm(train(TrainState(net), [(x, y)] * total, value_and_grad(loss), lr), total=total)):
    bar.set_postfix(cost=f"{state.cost:.4f}", lr=lr(state.step - 1), refresh=False)
if state.cost > 0.999 * losses.binary_cross_entropy(np.full_like(y, y.mean(axis=0)), y)[0]:
    parser.exit(1, f"transmission: the cost {state.cost:.4f} is the cost of a constant output; try another --seed\n")

# The network has an output for every (row, column), also between pixels, so the resolution is free to choose.
net = state.params if args.article else (*state.params, Sigmoid())
draw = lambda n: predict(net, coordinates((n * h, n * w)).astype(x.dtype), rows=1 << 16).reshape(n * h, n * w, k)
shown = {"original": picture, "network": draw(1), f"enhanced {args.enhance} times": draw(args.enhance)}
figure = Figure(figsize=(13, 0.45 + 4.25 * h / w), layout="constrained")
for ax, (title, image) in zip(figure.subplots(1, 3), shown.items(), strict=True):
    ax.imshow(image, cmap="gray_r", vmin=0, vmax=1)
    ax.set(title=f"{title}: {image.shape[0]} x {image.shape[1]}", xticks=[], yticks=[])
figure.savefig(part := args.out.with_name(f"part-{args.out.name}"), dpi=max(150, w * args.enhance / 4.2))
part.replace(args.out)
print(f"cost {state.cost:.4f} after {state.step} steps")
