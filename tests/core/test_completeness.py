"""Every layer has a place in the docs, a strategy, two oracles and planted mistakes; losses and optimizers, a row."""

import re
from collections import Counter

import pytest

from funcnn import forward
from funcnn.about import cards
from funcnn.optimizers import PerArray
from funcnn.testing import strategies as fst
from funcnn.testing.networks.table import table
from tests.blocks import CARDED, DOCS, PAGES, extension
from tests.mutants import LATER, MUTANTS

REGISTERED = fst.registered()
NAMES = [layer.__name__ for layer in REGISTERED]

# The mistakes planted in a layer stand under its name, or under these; those of another layer that shares its backward
# count too.
FAMILIES = {
    "tuple": ["chain of two", "low rank", "highway"],
    "Dense": ["dense", "dense over time"],
    "LeakyRelu": ["leaky relu", "slopes 1 and 0.1"],
    "Sigmoid": ["sigmoid", "sigmoid of any dtype", "logistic"],
    "Tanh": ["tanh", "tanh kept"],
    "Softplus": ["softplus", "softplus of moderate numbers"],
    "Elu": ["elu", "elu of alpha 2"],
    "Gelu": ["gelu by tanh"],
    "PRelu": ["PRelu of features", "PRelu of one slope"],
    "Frozen": ["frozen above a dense layer", "dense above frozen features"],
    "Residual": ["residual with a scale"],
    "Scale": ["residual with a scale", "scale of one number"],
    "Flatten": ["flatten, or any reshape"],
    "Reshape": ["flatten, or any reshape"],
    "Here": ["shared"],
    "Tied": ["tied table"],
    "Conv2d": ["convolution", "convolution of stride 2", "grouped convolution"],
    "Conv1d": ["causal convolution"],
    "ConvTranspose2d": ["transposed convolution", "transposed convolution of stride 2"],
    "MaxPool": ["max pooling", "max pooling of images", "max pooling of 2 x 2"],
    "AvgPool": ["average pooling", "average pooling of images"],
    "GlobalAvgPool": [
        "global average pooling",
        "global average pooling of images",
        "global average pooling with a mask",
    ],
    "GlobalMaxPool": ["global max pooling of images", "global max pooling with a mask"],
    "AdaptiveAvgPool": ["adaptive average pooling"],
    "AdaptiveMaxPool": ["adaptive max pooling"],
    "Pad": ["reflected padding"],
    "Upsample": ["nearest upsampling of images", "bilinear upsampling"],
    "SinusoidalPosition": ["sinusoidal positions"],
    "LearnedPosition": ["learned positions"],
    "Rotary": ["rotary positions with a mask"],
    "RNN": ["RNN with a mask"],
    "GRU": ["GRU with a mask"],
    "LSTM": ["LSTM with a mask"],
    "Last": ["last step with a mask"],
    "Bidirectional": ["both ways"],
    "Attention": ["attention layer", "attention of pairs"],
    "CrossAttention": ["cross-attention layer"],
}
NOT_IN_TORCH = {"Function": "its two functions are NumPy's, which torch cannot follow"}


families = extension("families")
LISTED = families.pages(PAGES[DOCS / "layers.md"])


@pytest.mark.parametrize("layer", REGISTERED, ids=NAMES)
def test_it_is_in_the_docs_with_the_first_line_of_its_docstring(layer):
    text = forward.dispatch(tuple).__doc__ if layer is tuple else layer.__doc__
    line = text.strip().splitlines()[0]
    name = "(layer, layer, ...)" if layer is tuple else layer.__name__
    rows = [row for homes in LISTED.values() for row in families.table(homes).splitlines() if f"| `{name}` | " in row]
    assert len(rows) == 1, f"{name} must have one row in the table of a page of docs/layers, not {len(rows)}"
    shown = rows[0].split(" | ", 1)[1].removesuffix(" |").strip("` ").replace(r"\|", "|")
    assert shown.strip("`.") == line.strip("`."), f"the row of {name} must be the first line of its docstring"


IN_TABLES = [
    *[("losses", loss.__name__) for loss in cards("losses")],
    *[("optimizers", cls.__name__) for cls in cards("optimizers") if issubclass(cls, PerArray)],
]


@pytest.mark.parametrize(("page", "name"), IN_TABLES, ids=str)
def test_a_loss_and_an_optimizer_have_a_row_in_the_table_of_their_page(page, name):
    is_there = re.search(rf"^\| `{name}[(`]", PAGES[DOCS / f"{page}.md"], re.MULTILINE)
    assert is_there, f"{name} is in no table of its page: add a row to docs/{page}.md"


@pytest.mark.parametrize("layer", [layer for layer in REGISTERED if layer is not tuple], ids=lambda cls: cls.__name__)
def test_its_page_speaks_of_it(layer):
    [page] = [page for page, homes in LISTED.items() if families.is_in(layer, homes)]
    listed = re.findall(r"```\{derivations\}\n(.*?)\n```", PAGES[DOCS / page], re.DOTALL)
    spoken = " ".join([PAGES[DOCS / page], *[families.links(homes, "") for homes in listed], *CARDED])
    message = f"docs/{page} does not name {layer.__name__}: give it a card in funcnn/about, or write of it there"
    assert re.search(rf"\b{layer.__name__}\b", spoken), message


@pytest.mark.parametrize("layer", REGISTERED, ids=NAMES)
def test_it_has_a_strategy(layer):
    where = "give it a card in funcnn/about, or a strategy in funcnn/testing/networks/cases"
    assert layer in table, f"{layer.__name__} has no cases: {where}"


@pytest.mark.parametrize("layer", REGISTERED, ids=NAMES)
def test_it_has_a_module_in_torch_or_a_reason(layer):
    pytest.importorskip("torch", reason="its modules are the oracle")
    from funcnn.interop.torch import to_torch

    name, has_rule = layer.__name__, to_torch.dispatch(layer) is not to_torch.dispatch(object)
    where = "name or write its twin in a card in funcnn/about, torch=, or a rule in funcnn/interop/torch"
    assert has_rule or name in NOT_IN_TORCH, f"{name} has no twin in torch: {where}"
    assert not has_rule or name not in NOT_IN_TORCH, f"{name} has a twin in torch: delete it in NOT_IN_TORCH"


@pytest.mark.parametrize("name", NAMES)
def test_three_mistakes_and_more_are_planted_in_it(name):
    planted = Counter([mutant.name.split(":")[0].split("(")[0] for mutant in (*MUTANTS, *LATER)])
    families = FAMILIES.get(name, [name if planted[name] else name.lower()])
    without = [family for family in families if not planted[family]]
    where = "as `mistakes` in its card in funcnn/about, or in tests/mutants"
    assert without == [], f"{name} has no planted mistakes under {without}: write them {where}"
    found = sum([planted[family] for family in families])
    assert found >= 3, f"{name} must have three planted mistakes or more, not {found}: write them {where}"
