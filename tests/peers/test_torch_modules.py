"""torch's own list of modules: those that `from_torch` converts have equal out and gradients, the others have a reason.

`python -m tests.peers.test_torch_modules` writes the table of docs/torch.md.
"""

import copy
import math
import re
from itertools import islice, product
from pathlib import Path

import numpy as np
import pytest

from funcnn import backward, forward, parameters
from funcnn.errors import FuncnnError, KindError, ShapeError

torch = pytest.importorskip("torch", reason="these are its modules")
pytest.importorskip("expecttest", reason="the list of modules imports it")
# After that line: without torch there is nothing to import.
from torch import nn  # noqa: E402  as just said
from torch.testing._internal.common_modules import module_db  # noqa: E402  as just said
from torch.utils._pytree import tree_leaves, tree_map  # noqa: E402  as just said

from funcnn.interop.torch import from_torch  # noqa: E402  as just said

PAGE = Path(__file__).parents[2] / "docs" / "torch.md"
MODULES = {info.name.split(".")[-1]: info for info in module_db if not info.module_cls.__name__.endswith("Loss")}
VOLUMES = "funcnn has no convolution and no pooling of volumes, `(m, d, h, w, c)`"
REASONS = {
    **dict.fromkeys(["Conv3d", "ConvTranspose3d", "LazyConv3d", "LazyConvTranspose3d", "AvgPool3d"], VOLUMES),
    **dict.fromkeys(["MaxPool3d", "LPPool3d"], VOLUMES),
    **dict.fromkeys(["FractionalMaxPool2d", "FractionalMaxPool3d"], "its windows are random, in evaluation too"),
    **dict.fromkeys(["LPPool1d", "LPPool2d"], "funcnn has the maximum and the mean of a window, but no other norm"),
    "LocalResponseNorm": "funcnn normalises over all channels or groups of them, not over neighbours",
    "MultiheadAttention": "the list has two tensors as key and value, and funcnn has one memory for both",
    "Bilinear": "it has two inputs that are multiplied, for which funcnn has no layer",
}


def written(page):
    """The page with the number of classes that are converted, and with the table of the others."""
    reasons = dict.fromkeys(REASONS.values())
    names = {reason: [f"`{name}`" for name in MODULES if REASONS.get(name) == reason] for reason in reasons}
    rows = "".join([f"| {', '.join(names[reason])} | {reason} |\n" for reason in reasons])
    page = re.sub(r"\d+ of the \d+ classes", f"{len(MODULES) - len(REASONS)} of the {len(MODULES)} classes", page)
    return re.sub(r"(?<=\| of torch \| why not \|\n\|---\|---\|\n)(\|.*\n)*", lambda _: rows, page)


FORMS = {  # how the network may take an argument of the module
    "as it is": lambda a: a,
    "channels last": lambda a: a.movedim(1, -1),
    "rows first": lambda a: a.swapaxes(0, 1),
    "one row": lambda a: a[None],
    "one step": lambda a: a[:, None],
    "one row of one step": lambda a: a[None, None],
}


def cases(name, dtype=torch.float64):
    """The modules of torch's list with their arguments, in evaluation mode."""
    torch.manual_seed(0)
    info = MODULES[name]
    for given in info.module_inputs_func(info, "cpu", dtype, requires_grad=False, training=False):
        made, called = given.constructor_input, given.forward_input
        module = info.module_cls(*made.args, **made.kwargs).to(dtype).eval()
        with torch.no_grad():
            module(*called.args, **called.kwargs)  # a lazy module becomes a module
        if not any(value is not None for value in called.kwargs.values()):
            yield module, called.args


def converted(module, args):
    """The network; None if from_torch refuses the module, or a mask."""
    try:
        return from_torch(module, *args if len(args) == 1 else (tuple(args),))
    except (KindError, ShapeError):
        return None


def taken(module, args, form):
    """The arguments as the network takes them; a recurrent network takes a first state behind x and a mask."""
    first, *others = args
    if hasattr(module, "hidden_size") and others:
        return form(first), None, *tree_map(lambda a: a.reshape(-1, module.hidden_size), others)
    return tuple(map(form, args)) if others else form(first)


def numbers(tree):
    return tree_map(lambda a: None if a is None else a.detach().numpy(), tree)


def head(out):
    return out[0] if type(out) is tuple else out


def in_a_form(net, module, args, theirs):
    """(how the network takes x, how it gives out): the forms in which its out is the module's."""
    for form, of_out in product(FORMS.values(), repeat=2):
        try:
            ours = head(forward(net, numbers(taken(module, args, form)))[0])
            goal = numbers(of_out(theirs))
        except (FuncnnError, IndexError):
            continue
        if ours.shape == goal.shape and np.allclose(ours, goal, rtol=0, atol=1e-9 * largest(goal)):
            return form, of_out
    raise AssertionError("out differs in every form")


def assert_gradients_equal(net, module, args):
    """out, dx and the gradients of all parameters, in training mode."""
    module.train()
    args = tree_map(lambda a: a.clone().requires_grad_(a.is_floating_point()), args)
    theirs = head(module(*args))
    form, of_out = in_a_form(net, module, args, theirs)
    dA = torch.randn(theirs.shape, dtype=theirs.dtype)
    if theirs.requires_grad:
        theirs.backward(dA)
    out, cache = forward(net, numbers(taken(module, args, form)))
    d = np.ascontiguousarray(numbers(of_out(dA)))
    grads = backward(net, cache, (d, *[None] * (len(out) - 1)) if type(out) is tuple else d)
    dx = taken(module, tree_map(lambda a: a.grad, args), lambda a: None if a is None else form(a))
    for ours, of_torch in zip(tree_leaves(grads.x), tree_leaves(numbers(dx)), strict=True):
        assert of_torch is None if ours is None else assert_near(ours, of_torch) is None
    if any(True for _ in module.parameters()):
        ours, expected = parameters(grads.params), parameters(converted(of_gradients(module).eval(), args))
        assert ours.keys() == expected.keys()
        for path, array in expected.items():
            if getattr(module, "bias", None) is not False or path.rpartition(".")[2] not in {"b", "c"}:
                assert_near(ours[path], array)


def of_gradients(module):
    """The module whose parameters are its gradients: converted, it is the gradient of the network."""
    made = copy.deepcopy(module)
    with torch.no_grad():
        for (name, own), other in zip(made.named_parameters(), module.parameters(), strict=True):
            own.copy_(other.grad)
            if "bias_hh" in name:  # the network has one bias, which is the sum of torch's two
                own[: len(own) * 2 // 3 if isinstance(module, nn.GRU | nn.GRUCell) else len(own)] = 0
    return made


def largest(a):
    return max(1, abs(a[np.isfinite(a)]).max(initial=0))


def assert_near(ours, theirs):
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9 * largest(theirs))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_converted_or_has_a_reason(name):
    every = ((converted(module, args), module, args) for module, args in cases(name))
    found = list(islice((one for one in every if one[0] is not None), 12))
    assert bool(found) is (name not in REASONS)
    for net, module, args in found:
        assert_gradients_equal(net, module, args)


IMAGE, SIGNAL, VOLUME, IDS = (2, 4, 6, 5), (2, 4, 7), (2, 4, 3, 5, 2), (3, 4)
MORE = [  # settings, and modules, that are not in torch's list
    *[
        (nn.Conv2d(4, 3, (3, 2), stride=2, padding=(1, 2), padding_mode=mode), IMAGE)
        for mode in ("reflect", "circular")
    ],
    (nn.Conv2d(4, 2, (4, 3), padding="same", padding_mode="replicate", dilation=(1, 2)), IMAGE),
    (nn.Conv1d(4, 2, 3, padding=2, padding_mode="circular", groups=2), SIGNAL),
    (nn.Conv1d(4, 2, 3, padding="valid", padding_mode="zeros"), SIGNAL),
    (nn.Conv1d(4, 2, 4, padding="same", padding_mode="reflect"), SIGNAL),
    (nn.Conv1d(4, 2, 3, padding="valid", padding_mode="reflect"), SIGNAL),
    (nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, dilation=2, bias=False), SIGNAL),
    (nn.AvgPool2d(3, padding=1), IMAGE),
    (nn.AvgPool2d((3, 2), stride=1, padding=(1, 0), count_include_pad=False), IMAGE),
    (nn.AvgPool2d(2, ceil_mode=True), IMAGE),
    (nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), IMAGE),
    (nn.AvgPool1d(3, padding=1), SIGNAL),
    (nn.AvgPool1d(2, ceil_mode=True), SIGNAL),
    *[
        (nn.MaxPool2d(size, step, side, ceil_mode=True), IMAGE)
        for size, step, side in ((2, 2, 1), (3, 2, 1), (2, 3, 0))
    ],
    (nn.MaxPool1d(3, ceil_mode=True), SIGNAL),
    (nn.AdaptiveAvgPool2d((3, 7)), IMAGE),
    (nn.AdaptiveMaxPool2d((1, 2)), IMAGE),
    (nn.AdaptiveAvgPool3d(1), VOLUME),
    (nn.ConstantPad2d((1, 0, 2, 1), -math.inf), IMAGE),
    (nn.PixelShuffle(2), IMAGE),
    (nn.PixelUnshuffle(2), (1, 3, 4, 6)),
    (nn.ChannelShuffle(2), IMAGE),
    (nn.Unfold((2, 3), dilation=(2, 1), padding=1, stride=2), IMAGE),
    (nn.Fold((5, 6), (2, 3), padding=(1, 0), stride=(1, 3)), (2, 12, 12)),
    (nn.LayerNorm((4, 6, 5)), IMAGE),
    (nn.LayerNorm((6, 5), bias=False), IMAGE),
    (nn.LayerNorm((4, 7), elementwise_affine=False), SIGNAL),
    (nn.RMSNorm((4, 6, 5), eps=0.1), IMAGE),
    (nn.Sequential(nn.Conv2d(4, 3, 3), nn.LayerNorm((3, 4, 3)), nn.Flatten(), nn.Linear(36, 2)), IMAGE),
    (nn.Sequential(nn.Unfold(2, stride=2), nn.Conv1d(16, 2, 1), nn.Fold((4, 4), 1), nn.Softmax2d()), (2, 4, 8, 8)),
    (nn.Softmin(-1), SIGNAL),
    (nn.Dropout3d(0.0), VOLUME),
    *[(nn.EmbeddingBag(5, 3, mode=mode), IDS) for mode in ("mean", "max")],
]


@pytest.mark.parametrize(("module", "shape"), MORE, ids=[str(module) for module, _ in MORE])
def test_other_settings_and_modules(module, shape):
    torch.manual_seed(0)
    module = copy.deepcopy(module).double().eval()
    x = torch.randint(5, shape) if len(shape) == 2 else torch.randn(shape, dtype=torch.float64)
    assert_gradients_equal(from_torch(module, x), module, (x,))


def test_the_page_has_their_number_and_the_reasons():
    page = PAGE.read_text("utf-8")
    assert "| of torch | why not |" in page
    assert page == written(page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
