"""A picture as a function: networks learn brightness from (row, column), and draw it at any resolution."""

import numpy as np
from data.pictures import command_line, likeness, side_by_side
from threadpoolctl import threadpool_limits

import funcnn as nn
from funcnn import initializers, layers, losses, schedules
from funcnn.plot import coordinates
from funcnn.training import progress

# (learning rate, steps): the plan of the article followed here. Its first rate can make the output constant.
PLAN = (2.8, 1000), (1.4, 2000), (0.6, 2000), (0.3, 2000), (0.15, 4000), (0.075, 5000), (0.0375, 8000), (0.01875, 4000)

parser, args, picture = command_line(__doc__)
h, w, k = picture.shape
x, y = coordinates((h, w)), picture.reshape(-1, k).astype(float)
steps = lambda n: max(1, round(n * args.steps_scale))


def article():
    """The article's network, weights and plan: full batches, and a constant learning rate in each stage."""
    random = np.random.RandomState(args.seed)
    weights = lambda _seed, shape, _dtype: 0.2 * random.randn(*shape[::-1]).T  # drawn layer by layer
    plan = [(k * rate, steps(n)) for rate, n in PLAN]  # a cost is a mean over k outputs
    start = nn.TrainState(nn.mlp([2, 27, 31, 31, k], seed=0, weights=weights))
    return start, [(x, y)] * sum([n for _, n in plan]), schedules.stages(*plan)


def by_adam(net, rate, n):
    """A network in float32, batches of a tenth of the horse's pixels, and a rate that falls to 0."""
    net, total = nn.tree_map(lambda a: a.astype(np.float32), net), steps(n)
    rows = nn.batches(np.float32(x), np.float32(y), min(1024, h * w), epochs=total, seed=args.seed)
    return nn.TrainState(net, nn.Adam()), rows[:total], nn.cosine(rate, total)


def fourier():
    """In place of (row, column), fixed sines: waves of about 50 pixels in all directions (Tancik et al. 2020)."""
    waves = initializers.normal(2 * np.pi / 50)(args.seed, (2, 64)) * [[h / 2], [w / 2]]
    features = nn.Dense(waves, initializers.uniform(np.pi)(args.seed, (64,)))
    return nn.Frozen(features), layers.Sine(), *nn.mlp([64, 64, 64, k], seed=args.seed, weights=nn.he_normal)


def sines():
    """Sines of sums of sines (Sitzmann et al. 2020): finer details, among them the steps in a silhouette's edge."""
    largest = lambda n_in: np.array([[h], [w]]) / max(h, w) if n_in == 2 else np.sqrt(6 / n_in) / 30
    weights = lambda seed, shape, dtype: initializers.uniform(1)(seed, shape, dtype) * largest(shape[0])
    return nn.mlp([2, 64, 64, 64, k], layers.Sine(30.0), seed=args.seed, weights=weights)


def draw(net, n):
    """An output for every (row, column), also between pixels, so the resolution is free to choose."""
    at = coordinates((n * h, n * w)).astype(net[-1].W.dtype)
    return nn.predict((*net, nn.Sigmoid()), at, rows=1 << 16).reshape(n * h, n * w, k)


threadpool_limits(1)  # measured: a second BLAS thread saves a tenth of the time, and triples it if another process runs
loss = losses.binary_cross_entropy_with_logits  # its gradient for a logit is p - y
relu = nn.mlp([2, 27, 31, 31, k], seed=args.seed, weights=nn.he_normal)
runs = {"relu": article() if args.article else by_adam(relu, 0.01, 6000)}  # for about as long as the other network
runs |= (
    {"sine layers": by_adam(sines(), 1e-3, 2500)} if k == 3 else {"Fourier features": by_adam(fourier(), 5e-3, 2500)}
)
shown = {"original": picture}
for name, (start, rows, lr) in runs.items():
    run = nn.train(start, rows, nn.value_and_grad(loss), lr)
    state, _ = nn.history(progress(run, len(rows), lr=lr), every=len(rows))
    out = draw(state.params, 1).reshape(y.shape).astype(float)
    cost, of_constant = [losses.binary_cross_entropy(p, y)[0] for p in (out, np.full_like(y, y.mean(axis=0)))]
    if cost > 0.999 * of_constant:
        parser.exit(1, f"transmission: the cost {cost:.4f} is the cost of a constant output; try another --seed\n")
    print(f"{name}: cost {cost:.4f} after {state.step} steps, {likeness(out, y)}")
    shown[name] = draw(state.params, args.enhance)

side_by_side(shown, args.out, dpi=max(150, w * args.enhance / 4.2))
