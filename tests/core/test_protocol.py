"""The layer protocol: all of it is verbs, and a user's layer can use all of it."""

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, forward, gradient, inference, record, state, value_and_grad
from funcnn.arrays import same
from funcnn.core import backward_params, forward_only
from funcnn.dispatch import trait, verb
from funcnn.errors import KindError, ShapeError
from funcnn.generation import positionwise, step
from funcnn.layers import RNN, Affine, Copy, Identity, Parallel, Recurrent, Reshape, folded
from funcnn.layers.wrapper import Wrapper, given_by_layer, step_inside
from funcnn.losses import joint
from funcnn.plot import decision_regions
from funcnn.records import branches
from funcnn.testing import check_layer
from funcnn.testing import strategies as fst
from funcnn.traits import gives_probabilities, is_inert, like_x, probabilities, rests

if TYPE_CHECKING:
    from collections.abc import Sized

x = np.random.default_rng(0).standard_normal((4, 3))
film = np.random.default_rng(1).standard_normal((2, 5, 3))
dense = nn.Dense.init(3, 3, seed=0)


# A user's activation that gives probabilities.


@record
class Ramp(nn.Elementwise):
    """out = clip(x / 4 + 1 / 2, 0, 1)"""

    def value(self, x: nn.Array) -> nn.Array:
        return np.clip(x / 4 + 0.5, 0, 1)

    def slope(self, kept: nn.Array) -> nn.Array:
        return (abs(kept) < 2) / 4


gives_probabilities.register(Ramp)(probabilities)


@pytest.mark.parametrize("end", [Ramp(), (Ramp(), Identity()), nn.Frozen(Ramp()), (Ramp(), ())])
def test_a_loss_of_logits_is_refused_behind_a_user_s_probabilities(end):
    with pytest.raises(KindError, match="value_and_grad: the loss takes logits, so leave out the layer at the end of"):
        value_and_grad(nn.binary_cross_entropy_with_logits)((dense, end), x, np.ones((4, 3)))


def test_a_joint_loss_of_logits_is_refused_behind_the_branch_that_gives_probabilities():
    net = (dense, Copy(2), Parallel((nn.Tanh(), Ramp())))
    loss, y = joint(nn.binary_cross_entropy_with_logits, nn.binary_cross_entropy_with_logits), (np.ones((4, 3)),) * 2
    assert gives_probabilities(net) == (False, True)
    with pytest.raises(KindError, match="leave out the layer at the end of branch 1 of"):
        value_and_grad(loss)(net, x, y)
    value_and_grad(loss)((dense, Copy(2), Parallel((nn.Tanh(), nn.Relu()))), x, y)


def test_a_picture_parts_the_classes_of_a_user_s_probabilities_at_a_half():
    plt = pytest.importorskip("matplotlib.pyplot", reason="it draws the picture")
    points, labels = np.array([[-3.0, -3.0], [3.0, 3.0]]), np.array([[0], [1]])
    to_one = nn.Dense(np.array([[1.0], [0.0]]), np.zeros(1))
    for net in ((to_one, Ramp()), to_one):
        ax = decision_regions(net, points, labels, points=50)
        line = ax.collections[1].get_paths()[0].vertices
        assert abs(line[:, 0]).max() < 0.1
        plt.close(ax.figure)


def test_what_a_wrapper_gives_is_not_guessed():
    assert not gives_probabilities(nn.Residual(Ramp()))
    assert not gives_probabilities(Gated(Ramp(), np.ones(3)))
    value_and_grad(nn.binary_cross_entropy_with_logits)((dense, nn.Residual(Ramp())), x, np.ones((4, 3)))


# A user's layer that looks at several positions.


@record
class Cumulative:
    """out_t = x_1 + ... + x_t"""


forward.register(Cumulative)(lambda params, x: (x.cumsum(axis=1), ()))


@record
class Halve:
    """out = x / 2"""


forward.register(Halve)(lambda params, x: (x / 2, ()))


def test_a_step_is_refused_until_the_layer_says_how():
    with pytest.raises(
        KindError, match="there is no rule for Halve; if out at each position depends on x at that position only, write"
    ):
        step((Halve(),), film)
    step.register(Halve)(positionwise)
    assert same(step((Halve(),), film), (film / 2, (None,)))


@step.register(Cumulative)
def cumulative_step(params, x, memory=None):
    out = x.cumsum(axis=1) + (0 if memory is None else memory)
    return out, out[:, -1:]


def parts(net, memory=None):
    outs = []
    for t in range(film.shape[1]):
        out, memory = step(net, film[:, t : t + 1], memory)
        outs.append(out)
    return np.concatenate(outs, axis=1)


# A user's layer around a layer.


@record
class Gated(Wrapper):
    """out = gate * layer(x), counting its steps"""

    gate: nn.Array
    steps: int = state(default=0)

    def enter(self, x):
        return x, None

    def leave(self, out, aside):
        return self.gate * out, out

    def leave_back(self, dA, kept):
        return self.gate * dA

    def own_gradients(self, dA, kept):
        return {"gate": (dA * kept).reshape(-1, len(self.gate)).sum(axis=0), "steps": self.steps + 1}


@record
class Backwards(Wrapper):
    """out = layer(x reversed in time), reversed in time"""

    def enter(self, x):
        return x[:, ::-1], None

    def leave(self, out, aside):
        return out[:, ::-1], None

    def enter_back(self, dx, dA, kept):
        return dx[:, ::-1]

    def leave_back(self, dA, kept):
        return dA[:, ::-1]


gate = np.array([0.5, 1.0, -2.0])
gated = Gated((dense, nn.Tanh()), gate)


def test_a_wrapper_is_proven_like_any_layer():
    check_layer(gated, x)
    check_layer(Gated(Gated(dense, gate), gate), x)
    check_layer(Backwards(nn.GRU.init(3, 2, seed=0)), film[:1, :3])


def test_a_wrapper_has_the_shortcuts():
    out, cache = forward(gated, x)
    grads = backward(gated, cache, out)
    assert same(forward_only(gated, x), out)
    assert same(backward_params(gated, cache, out), grads.params)
    assert list(nn.parameters(gated)) == ["layer.0.W", "layer.0.b", "gate"]
    assert nn.sgd(gated, grads, 0.1).steps == 1


def test_a_wrapper_gives_its_name_to_errors_inside():
    with pytest.raises(ShapeError, match=r"Dense: x must be \(m, ..., 3\), not \(4, 2\)") as caught:
        forward((gated,), x[:, :2])
    assert [note.split(",")[0] for note in caught.value.__notes__] == ["in layer 0", "in Gated", "in layer 0"]
    _, cache = forward(gated, x)
    with pytest.raises(ShapeError, match="dA must have the shape of out") as caught:
        backward(gated, cache, np.ones((1, 1, 3)))
    assert caught.value.__notes__[-1].startswith("in Gated, (Dense(")


def test_a_wrapper_that_forgets_a_gradient_is_told():
    @record
    class Forgetful(Wrapper):
        gate: nn.Array

        def enter(self, x):
            return x, None

    layer = Forgetful(dense, gate)
    _, cache = forward(layer, x)
    with pytest.raises(KindError) as caught:
        backward(layer, cache, x)
    assert str(caught.value) == "Forgetful backward: the gradient of gate is left out; own_gradients must return it"


@record
class Swish(nn.Elementwise):
    """out = x sigmoid(beta x)"""

    beta: nn.Array

    def value(self, x):
        return x / (1 + np.exp(-self.beta * x))

    def slope(self, kept):
        s = 1 / (1 + np.exp(-self.beta * kept))
        return s + self.beta * kept * s * (1 - s)


def test_an_activation_that_forgets_a_gradient_is_told():
    layer = Swish(np.array(1.5))
    out, cache = forward(layer, x)
    with pytest.raises(KindError) as caught:
        backward(layer, cache, out)
    assert str(caught.value) == "Swish backward: the gradient of beta is left out; own_gradients must return it"


def test_an_activation_with_a_parameter_is_proven_like_any_layer():
    @record
    class Whole(Swish):
        def own_gradients(self, dA, kept):
            s = 1 / (1 + np.exp(-self.beta * kept))
            return {"beta": np.sum(dA * kept**2 * s * (1 - s))}

    check_layer(Whole(np.array(1.5)), x)


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        ({}, "Peephole backward: the gradient of p is left out; own_gradients must return it"),
        (
            None,
            "Peephole: own_gradients must return a dict of gradients and next values, by the names of its own "
            "fields, not None",
        ),
    ],
)
def test_a_cell_that_forgets_a_gradient_is_told(returned, sentence):
    @record
    class Peephole(RNN):
        p: nn.Array

        def own_gradients(self, kept, before, after, dafter, dz, du):
            return returned

    rnn, sequence = RNN.init(3, 2, seed=0), np.ones((4, 5, 3))
    layer = Peephole(rnn.W, rnn.U, rnn.b, np.ones(2))
    out, cache = forward(layer, sequence)
    with pytest.raises(KindError) as caught:
        backward(layer, cache, out)
    assert str(caught.value) == sentence


def test_a_wrapper_that_reads_the_gradient_of_ids_is_told():
    @record
    class Reading(Wrapper):
        def enter(self, x):
            return x, None

        def enter_back(self, dx, dA, kept):
            return dx[:, ::-1]

    layer, ids = Reading(nn.Embedding.init(3, 2, seed=0)), np.array([[0, 1, 2]])
    out, cache = forward(layer, ids)
    with pytest.raises(KindError) as caught:
        backward(layer, cache, out)
    needed = "accept a dx of None, since the layer gives no gradient of its x, as for ids"
    assert str(caught.value) == f"Reading: enter_back must {needed}"
    assert backward_params(layer, cache, out).layer.W.shape == (3, 2)

    @record
    class Failing(Reading):
        def enter_back(self, dx, dA, kept):
            return dx.nothing

    layer = Failing(dense)
    out, cache = forward(layer, x)
    with pytest.raises(AttributeError, match="nothing"):
        backward(layer, cache, out)


def test_a_rule_of_another_arity_is_refused():
    @record
    class Own:
        pass

    forward.register(Own)(lambda params: params)
    gives_probabilities.register(Own)(lambda: True)
    step.register(Own)(_step_without_default)
    sentences = {
        "forward: the rule for Own must take (params, x), not a function (params)": lambda: forward(Own(), x),
        "gives_probabilities: the rule for Own must take (params), not a function ()": (
            lambda: gives_probabilities(Own())
        ),
        "step: the rule for Own must take (params, x, memory=None), not _step_without_default(params, x, memory)": (
            lambda: step(Own(), x)
        ),
    }
    for sentence, act in sentences.items():
        with pytest.raises(KindError) as caught:
            act()
        assert str(caught.value) == sentence


def _step_without_default(params, x, memory):
    return x, memory


def test_an_error_of_a_rule_without_a_signature_passes_as_it_is():
    @record
    class Own:
        pass

    forward.register(Own)(max)
    with pytest.raises(TypeError, match="'>' not supported") as caught:
        forward(Own(), x)
    assert type(caught.value) is TypeError
    assert caught.value.__cause__ is None


def test_an_error_inside_of_a_trait_passes_as_it_is():
    @record
    class Own:
        pass

    gives_probabilities.register(Own)(lambda params: len(1))
    with pytest.raises(TypeError, match="has no len"):
        gives_probabilities(Own())


def test_a_wrapper_goes_on_part_by_part_once_it_says_so():
    assert np.allclose(parts(Cumulative()), film.cumsum(axis=1))
    step.register(Gated)(step_inside)
    assert np.allclose(parts(Gated(Cumulative(), gate)), gate * film.cumsum(axis=1))
    net = Gated((nn.GRU.init(3, 3, seed=0), nn.Tanh()), gate)
    assert np.allclose(parts(net), forward(net, film)[0])
    with pytest.raises(KindError, match=r"write step.register\(Backwards\)\(step_inside\)"):
        step(Backwards(nn.Tanh()), film)


def test_what_is_done_to_a_network_reaches_the_layer_in_a_wrapper():
    noisy = Gated((dense, nn.Dropout(0.5, seed=3)), gate)
    assert inference(noisy) == Gated((dense, Identity()), gate)
    assert nn.reseed(noisy, 7).layer[1].seed == (3, 7)
    assert same(nn.predict(noisy, x), gate * forward(dense, x)[0])
    assert pickle.loads(pickle.dumps(noisy)) == noisy
    assert "0.layer.0" in str(nn.trace((noisy,), x, x, nn.mse))


def test_a_wrapper_may_pass_on_what_its_layer_gives():
    gives_probabilities.register(Backwards)(given_by_layer)
    assert gives_probabilities((nn.Tanh(), Backwards(Ramp()))) is True
    assert gives_probabilities(Backwards(())) is None


# Traits.


@record
class Drawn:
    """out = x * W, by weights that are drawn once and never change"""

    W: nn.Array = state()


forward.register(Drawn)(lambda params, x: (x * params.W, x))
backward.register(Drawn)(lambda params, x, dA: nn.Grads(params, dA * params.W))


def test_backward_ends_before_layers_whose_states_rest():
    assert not is_inert(Drawn(gate))
    rests.register(Drawn)(lambda params: True)
    assert is_inert((Drawn(gate), nn.Relu()))
    assert not is_inert((Drawn(gate), dense))


@record
class Named:
    """A layer whose settings bear the names of traits."""

    rests: bool = True
    passes_on: bool = True
    gives_probabilities: bool = True
    step: bool = True
    takes_logits: bool = True
    count: int = state(default=0)


forward.register(Named)(lambda params, x: (x, ()))


def test_a_setting_that_bears_the_name_of_a_trait_is_a_setting():
    assert not is_inert(Named())
    assert gives_probabilities((Ramp(), Named())) is False
    with pytest.raises(KindError, match="step: there is no rule for Named"):
        step(Named(), film)


def test_like_x_is_the_word_of_what_moves_numbers():
    gives_probabilities.register(Named)(like_x)
    assert gives_probabilities((Ramp(), Named())) is True


@record
class Either:
    """Layers side by side, with annotations that only a type checker can resolve."""

    size: "Sized"
    layers: "tuple[Any, ...]" = branches()
    chain: "tuple[Any, ...]" = ()


def test_branches_are_declared_and_not_read_out_of_annotations():
    affine = Affine(np.full(3, 2.0), np.ones(3))
    pair = (dense, affine)
    net = folded(Either("abc", pair, pair))
    assert net.layers == pair
    assert len(net.chain) == 1
    assert inference(Either("abc", (nn.Dropout(0.5, seed=0), dense))).layers == (Identity(), dense)


def test_traits_are_looked_up_once_for_each_class():
    @record
    class Heavy(nn.Tanh):
        pass

    calls = []

    @trait
    def heavy(params):
        calls.append(params)
        return False

    assert not heavy(Heavy())
    assert not heavy(None)
    heavy.register(Heavy)(lambda params: True)
    assert heavy(Heavy())
    assert heavy(nn.Tanh()) is False
    assert calls == [Heavy(), None, nn.Tanh()]


@pytest.mark.parametrize(("returned", "given"), [(None, "None"), ((nn.Tanh(), None), "2 values"), (x, "float64 array")])
def test_inference_and_reseed_return_layers(returned, given):
    @record
    class Odd:
        pass

    inference.register(Odd)(lambda params: returned)
    nn.reseed.register(Odd)(lambda params, i: returned)
    for net in (Odd(), (nn.Tanh(), Odd())):
        for verb_, act in (("inference", inference), ("reseed", lambda net: nn.reseed(net, 0))):
            with pytest.raises(KindError) as caught:
                act(net)
            assert str(caught.value) == f"{verb_}: the rule for Odd must return a layer, not {given}"


def test_inference_returns_a_chain_itself_unless_a_layer_has_a_rule():
    @record
    class Later(nn.Relu):
        pass

    chain = (dense, nn.Residual((nn.Tanh(), Later())), Reshape((3,)))
    assert inference(chain) is chain
    inference.register(Later)(lambda params: Identity())
    assert inference(chain)[1].layer == (nn.Tanh(), Identity())
    np.testing.assert_array_equal(nn.predict(chain, x), forward(inference(chain), x)[0])
    for wrong in ((dense, 3), (dense, (x,))):
        with pytest.raises(KindError, match=r"inference: params must be a layer"):
            inference(wrong)


def test_inference_leaves_an_optimizer_in_a_field_as_it_is():
    @record
    class Adapted:
        """A layer that trains the layer inside with its own optimizer."""

        layer: Any
        optimizer: Any

    inner, adam = nn.Dropout(0.5, seed=0), nn.Adam()
    assert inference(Adapted(inner, adam)) == Adapted(Identity(), adam)
    assert inference(Adapted(inner, (adam, inner))) == Adapted(Identity(), (adam, Identity()))


@pytest.mark.parametrize(("given", "number"), [((dense,), "1 argument"), ((dense, x, x), "3 arguments")])
def test_a_verb_called_with_another_number_of_arguments_says_what_it_takes(given, number):
    with pytest.raises(KindError) as caught:
        forward(*given)
    assert str(caught.value) == f"forward: the arguments must be (params, x), not {number}"
    with pytest.raises(KindError, match=r"step: the arguments must be \(params, x, memory\), not 1 argument"):
        step((dense,))


def test_a_type_error_of_a_rule_stays_what_it_is():
    @verb(object)
    def weigh(params, x):
        return len(x) + x

    with pytest.raises(TypeError, match="unsized object"):
        weigh(dense, np.array(3.0))
    for x in (3, "abc", [1.0], (np.ones(1), [1.0]), None):
        with pytest.raises(KindError, match=r"^weigh: x must be an array or a tuple of arrays, not ") as caught:
            weigh(dense, x)
        assert isinstance(caught.value.__cause__, TypeError)


def test_each_layer_of_funcnn_says_how_it_goes_on():
    layers = [cls for cls in fst.registered("funcnn") if cls is not tuple]
    assert len(layers) > 70
    assert [cls.__name__ for cls in layers if step.dispatch(cls) is step.dispatch(object)] == []


# What the methods of a base return is checked.


def made_by(method, returned):
    made = record(type("Odd", (Wrapper,), {"enter": lambda self, x: (x, None), method: lambda self, *given: returned}))
    return made(dense)


@pytest.mark.parametrize(
    ("method", "returned", "needed"),
    [
        ("enter", None, "(the layer's x, aside), not None"),
        ("enter", x, "(the layer's x, aside), not <f64 4x3>"),
        ("leave", x, "(out, kept), not <f64 4x3>"),
        ("leave", (x, x, x), "(out, kept), not (<f64 4x3>, <f64 4x3>, <f64 4x3>)"),
    ],
)
def test_a_wrapper_returns_pairs(method, returned, needed):
    for verb_ in (forward, forward_only):
        with pytest.raises(KindError) as caught:
            verb_(made_by(method, returned), x)
        assert str(caught.value) == f"Odd: {method} must return {needed}"


@pytest.mark.parametrize("returned", [None, {"layer": dense}])
def test_own_gradients_are_a_dict_of_the_wrapper_s_own_fields(returned):
    layer = made_by("own_gradients", returned)
    out, cache = forward(layer, x)
    with pytest.raises(KindError, match=r"^Odd: own_gradients must return a dict of gradients and next values"):
        backward(layer, cache, out)


@pytest.mark.parametrize("returned", [None, x[:2], x > 0, x.sum(), x.astype(np.float32)])
def test_an_activation_returns_an_array_like_x(returned):
    Odd = record(type("Odd", (nn.Elementwise,), {"value": lambda self, x: returned, "slope": lambda self, kept: 1.0}))
    with pytest.raises(KindError, match=r"^Odd: value must return a float64 array of shape \(4, 3\), not "):
        forward(Odd(), x)
    Odd = record(type("Odd", (nn.Elementwise,), {"value": lambda self, x: x, "slope": lambda self, kept: returned}))
    if not np.isscalar(returned):
        with pytest.raises(KindError, match=r"^Odd: slope must return a float64 array of shape \(4, 3\), not "):
            backward(Odd(), x, x)


@pytest.mark.parametrize("returned", [None, (x, x), ((x[:1],), x), ((x, x), x), ((film[:, 0].astype("f4"),), ())])
def test_a_cell_returns_a_state_like_the_one_before(returned):
    Odd = record(type("Odd", (Recurrent,), {"cell": lambda self, z, before: returned, "back": lambda self, *given: 0}))
    with pytest.raises(KindError, match=r"^Odd: cell must return \(\(h, ...\), kept\), a state of arrays like "):
        forward(Odd.init(3, 3, seed=0), film)


h = film[:, 0]


OTHER_STATES = (h, (), (h, h), (h[:1],), (h.astype("f4"),), (None, h))


@pytest.mark.parametrize("returned", [None, (h, h), *[(h, h, after) for after in OTHER_STATES]])
def test_the_gradients_of_a_state_are_like_the_state(returned):
    methods = {"cell": lambda self, z, before: ((z,), ()), "back": lambda self, *given: returned}
    Odd = record(type("Odd", (Recurrent,), methods))
    out, cache = forward(odd := Odd.init(3, 3, seed=0), film)
    with pytest.raises(KindError, match=r"^Odd: back must return \(dz, du, \(dh, ...\)\), gradients of a state like "):
        backward(odd, cache, out)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"steps": 0.5}, "Gated backward: the next value of steps must be like steps, int, not float"),
        ({"layer": nn.Tanh()}, "Gated backward: dlayer must be a tuple, like layer, not Tanh"),
        (
            {"layer": nn.Grads(dense, None)},
            "Gated backward: dlayer must be a tuple, like layer, not Grads; write grads.params",
        ),
    ],
)
def test_a_gradient_has_layers_and_next_values_of_their_own_kind(given, sentence):
    with pytest.raises(KindError) as caught:
        gradient(gated, **{"layer": gated.layer, "gate": gate, **given})
    assert str(caught.value) == sentence


def test_a_trait_that_answers_with_another_truth_is_true():
    gives_probabilities.register(Ramp)(lambda params: np.True_)
    with pytest.raises(KindError, match="the loss takes logits"):
        value_and_grad(nn.binary_cross_entropy_with_logits)((dense, Ramp()), x, np.ones((4, 3)))
    gives_probabilities.register(Ramp)(probabilities)


def test_an_error_of_a_rule_with_a_cache_of_its_own_is_not_hidden():
    @record
    class Shaped:
        W: nn.Array

    forward.register(Shaped)(lambda params, x: (x @ params.W, (x, x.shape)))
    backward.register(Shaped)(lambda params, cache, dA: nn.Grads(gradient(params, W=cache[0].T @ dA), dA @ params.W))
    layer = Shaped(np.ones((3, 2)))
    out, cache = forward(layer, x)
    with pytest.raises(ValueError, match="matmul"):
        backward(layer, cache, out)


def test_long_lists_are_short_in_notes():
    with pytest.raises(KindError) as caught:
        forward((dense,), x.tolist() * 1000)
    assert "x: <list of 4000>" in caught.value.__notes__[0]


@record
class Keeper:
    """Its cache has many arrays, some of which it was given."""


forward.register(Keeper)(lambda _, x: (x[0] + 1, (*x, *[x[0] * i for i in range(200)])))


def test_of_many_arrays_only_those_that_a_rule_made_are_set_to_read_only():
    x = np.ones(3), np.ones(2)
    out, cache = forward(Keeper(), x)
    assert [a.flags.writeable for a in (out, *cache)] == [False, True, True, *[False] * 200]
