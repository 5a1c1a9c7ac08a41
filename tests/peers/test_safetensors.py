"""Files written by funcnn and read by safetensors and PyTorch, and the other way round."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from funcnn import Array, Dense, Tanh, TrainState, evolve, forward, mlp, optimizers, parameters, record, state, tree_map
from funcnn.arrays import same
from funcnn.errors import FileError, NoFileError
from funcnn.files import fingerprint
from funcnn.layers import LSTM, RNN, RMSNorm
from funcnn.trees import leaves
from tests.says import assert_says, each_row, file_error, kind_error, raises

safetensors = pytest.importorskip("safetensors", reason="these are its files")
library = pytest.importorskip("safetensors.numpy", reason="these are its files")
# After those lines: without the library there is nothing to import.
from funcnn.interop.safetensors import read, write  # noqa: E402  as just said


@record
class Norm:
    """A layer with states of each kind."""

    gain: Array
    eps: float = 1e-5
    mean: Array = state(default=np.zeros(2))
    labels: Any = state(default=np.array([1, 2], np.int32))
    batches: int = state(default=0)
    drift: float = state(default=0.5)
    frozen: bool = state(default=True)
    seeds: Any = state(default=(1, (2,)))
    note: Any = state(default="as it was")


net = (mlp([2, 3, 1], hidden=Tanh(), seed=1), Norm(np.ones(1), batches=3))
NORM = ["gain", "mean", "labels", "batches", "drift", "frozen", "seeds.0", "seeds.1.0"]


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Path("net.safetensors")


def other(tree):
    """The same but for its arrays and its numbers."""
    norm = evolve(tree[1], batches=9, drift=2.0, frozen=False, seeds=(7, (7,)))
    return tree_map(lambda a: a + np.ones((), a.dtype), (tree[0], norm))


def test_the_library_reads_what_we_wrote(path):
    write(path, net)
    found = library.load_file(path)
    assert set(found) == {*[f"0.{name}" for name in parameters(net[0])], *[f"1.{name}" for name in NORM]}
    for name, array in parameters(net).items():
        assert same(found[name], array)
    assert {found[f"1.{name}"].dtype.name for name in NORM} == {"float64", "int32", "int64", "bool"}
    assert found["1.batches"] == 3
    assert found["1.batches"].shape == ()


def test_what_we_read_is_what_we_wrote(path):
    write(path, net)
    assert fingerprint(read(path, other(net))) == fingerprint(net)
    assert not any(leaf.flags.writeable for leaf in leaves(read(path, net)))
    assert path.stat().st_size == len(library.save(library.load_file(path)))


def test_we_read_what_the_library_wrote(path):
    library.save_file({"W": np.ones((2, 3), np.float32), "b": np.arange(3, dtype=np.float32)}, path)
    like = Dense(np.zeros((2, 3), np.float32), np.zeros(3, np.float32))
    assert read(path, like) == Dense(np.ones((2, 3), np.float32), np.arange(3, dtype=np.float32))


def test_torch_sees_the_same_numbers(path):
    torch = pytest.importorskip("torch", reason="it is who reads such files most")
    load_file = pytest.importorskip("safetensors.torch", reason="the same").load_file
    a = np.arange(24.0).reshape(4, 6)
    tree = (a, a.T, a[::2, ::-3], a.astype(np.float32), a > 3, a.astype(np.int8), a.astype(">f8"))
    write(path, tree)
    found = load_file(path)
    for i, array in enumerate(tree):
        assert np.array_equal(found[str(i)].numpy(), array)
    assert found["3"].dtype == torch.float32
    out = found["0"] @ found["1"]
    assert np.array_equal(out.numpy(), a @ a.T)


def test_we_see_the_numbers_of_torch(path):
    torch = pytest.importorskip("torch", reason="it is who writes such files most")
    save_file = pytest.importorskip("safetensors.torch", reason="the same").save_file
    layer = torch.nn.Linear(2, 3, dtype=torch.float64)
    save_file({"W": layer.weight.detach().T.contiguous(), "b": layer.bias.detach()}, path)
    dense = read(path, Dense.init(2, 3, seed=0))
    x = np.ones((4, 2))
    assert np.allclose(forward(dense, x)[0], layer(torch.tensor(x)).detach().numpy(), rtol=0, atol=1e-15)


def test_arrays_of_jax(path):
    jnp = pytest.importorskip("jax", reason="these are its arrays").numpy
    twin = (tree_map(jnp.asarray, net[0]), Norm(jnp.ones(1), batches=jnp.asarray(4)), jnp.ones(2, jnp.bfloat16))
    write(path, twin)
    loaded = read(path, twin)
    assert {type(leaf) for leaf in leaves(loaded)} == {np.ndarray}
    assert [leaf.dtype for leaf in leaves(loaded)] == [leaf.dtype for leaf in leaves(twin)]
    assert fingerprint(loaded) == fingerprint(twin)
    plain = (loaded[0], Norm(loaded[1].gain), loaded[2])
    assert type(read(path, (plain[0], evolve(loaded[1], batches=0), plain[2]))[1].batches) is int


def test_a_training_state_with_its_memory(path):
    start = TrainState(net[0], optimizers.Adam())
    from funcnn import Grads

    _, optimizer = optimizers.update(optimizers.Adam(), Grads(net[0], None), net[0])
    now = TrainState(net[0], optimizer, step=1, cost=0.25)
    write(path, now)
    assert read(path, evolve(now, step=0, cost=0.0)) == now
    with pytest.raises(FileError, match=r"^read: net.safetensors has optimizer\.memory\.0.*, which like does not h"):
        read(path, start)


def test_a_tree_of_nothing_and_of_one_array(path):
    write(path, ())
    assert read(path, ()) == ()
    write(path, np.arange(3))
    assert same(read(path, np.zeros(3, int)), np.arange(3))


def test_a_failure_leaves_the_old_file(path, monkeypatch):
    write(path, net)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FileError, match=r"^write: net.safetensors cannot be written: No space left on device$"):
        write(path, net[:1])
    assert read(path, net) == net
    assert list(path.parent.iterdir()) == [path]


def given(arrays, like=net[0][0]):
    def act():
        library.save_file(arrays, "net.safetensors")
        read("net.safetensors", like)

    return act


def content(data):
    def act():
        Path("net.safetensors").write_bytes(data)
        read("net.safetensors", net)

    return act


def at_folder(act):
    def in_place():
        Path("net.safetensors").mkdir()
        act("net.safetensors", net)

    return in_place


def float8():
    header = b'{"W":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[0,1]}}'
    return len(header).to_bytes(8, "little") + header + b"\0"


def unreadable():
    def fail(*args, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("funcnn.interop.safetensors.safe_open", fail)
        read("net.safetensors", net)


W, b = np.zeros((2, 3)), np.zeros(3)
ONLY = "must be bool, int, float or complex64, up to 64 bits, not"
ROWS = [
    kind_error(lambda: write("net.safetensors", {"W": W}))
    >> "write: tree must be a record, a tuple or an array, not dict",
    kind_error(lambda: write("net.safetensors", (Dense(W.astype(complex), None),)))
    >> f"write: tree[0].W {ONLY} complex128 array",
    kind_error(lambda: write("net.safetensors", TrainState((), step=2**64)))
    >> f"write: tree.step {ONLY} the int {2**64}",
    kind_error(lambda: write("net.safetensors", np.array(["a"])))
    >> "write: tree must be a record, a tuple or an array of numbers, not str array",
    kind_error(lambda: write("net.safetensors", np.array(["2000-01-01"], "M8[D]")))
    >> f"write: tree {ONLY} datetime64[D] array",
    kind_error(lambda: write("net.safetensors", (np.ma.zeros(2),)))
    >> "write: tree[0] must be an array without a mask, not MaskedArray; write tree[0].filled(...), with "
    "a value for its gaps",
    kind_error(lambda: write(net, "net.safetensors"))
    >> "write: path must be a string or a Path, not tuple; write write(path, tree)",
    kind_error(lambda: write("net.safetensors", (net, [W])))
    >> "write: tree[1] must be a record, a tuple or an array, not list; write tuple(tree[1])",
    kind_error(lambda: read(3, net)) >> "read: path must be a string or a Path, not int",
    file_error(given({})) >> "read: net.safetensors must have the arrays of like; it does not have W, b",
    file_error(given({"W": W, "b": b, "0.W": W, "0.b": b}))
    >> "read: net.safetensors has 0.W, 0.b, which like does not have",
    file_error(given({"W": W.T.copy(), "b": b}))
    >> "read: net.safetensors has W as float64 (3, 2); like has it as float64 (2, 3)",
    file_error(given({"W": W, "b": b.astype(np.float32)}))
    >> "read: net.safetensors has b as float32 (3,); like has it as float64 (3,)",
    file_error(given({"step": np.zeros(2, int), "cost": np.array(1.0)}, TrainState(())))
    >> "read: net.safetensors has step as int64 (2,); like has it as int",
    file_error(given({"step": np.array(1.5), "cost": np.array(1.0)}, TrainState(())))
    >> "read: net.safetensors has step as float64 (); like has it as int",
    raises(NoFileError, lambda: read("net.safetensors", net)) >> "read: there is no file net.safetensors",
    file_error(at_folder(read)) >> "read: net.safetensors is a folder; give the path of a file",
    file_error(at_folder(write)) >> "write: net.safetensors is a folder; give the path of a file",
    file_error(unreadable) >> "read: net.safetensors cannot be read: Permission denied",
    file_error(content(b"abc"))
    >> "read: net.safetensors is damaged, or not a file of safetensors: Error while deserializing header: "
    "header too small",
    file_error(content(float8()))
    >> "read: net.safetensors is damaged, or not a file of safetensors: module 'numpy' has no attribute 'float8_e5m2'",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row)


def test_a_file_cut_at_any_byte_is_refused(path):
    write(path, net)
    data = path.read_bytes()
    for length in range(len(data)):
        path.unlink()
        path.write_bytes(data[:length])
        with pytest.raises(FileError):
            read(path, net)


def test_names_of_the_file_are_mapped(path):
    flax = {
        "encoder.Dense_0.kernel": np.ones((2, 3)),
        "encoder.Dense_0.bias": np.zeros(3),
        "norm.weight": np.full(3, 2.0),
    }
    library.save_file({**flax, "tail.0.W": np.eye(3), "tail.0.b": np.ones(3)}, path)
    like = (Dense.init(2, 3, seed=0), RMSNorm.init(3), Dense.init(3, 3, seed=0))
    names = {"encoder.Dense_0.kernel": "0.W", "encoder.Dense_0.bias": "0.b", "norm.weight": "1.scale", "tail.0": "2"}
    net = read(path, like, names=names)
    assert net == (Dense(np.ones((2, 3)), np.zeros(3)), RMSNorm(np.full(3, 2.0)), Dense(np.eye(3), np.ones(3)))


def test_gates_with_names_of_their_own_are_read(path):
    layer = LSTM.init(2, 3, seed=1)
    write(path, (layer,))
    assert read(path, layer, names={"0": ""}) == layer
    assert read(path, (Tanh(), layer), names={"0": "1"}) == (Tanh(), layer)


KERAS = {"rnn.kernel": np.ones((2, 12)), "rnn.recurrent_kernel": np.ones((3, 12)), "rnn.bias": np.ones(12)}
TORCH = {"0.weight": np.eye(3), "0.bias": np.ones(3)}
RNN_OF_TORCH = {"weight_ih_l0": np.eye(3), "weight_hh_l0": np.eye(3), "bias_ih_l0": np.ones(3)}
NAMES = [
    (
        KERAS,
        (LSTM.init(2, 3, seed=0),),
        {"rnn.kernel": "0.W", "rnn.recurrent_kernel": "0.U", "rnn.bias": "0.b"},
        "read: names must not make rnn.bias 0.b, since other libraries order the gates of LSTM differently",
    ),
    (
        TORCH,
        (Dense.init(3, 3, seed=0),),
        {"0.weight": "0.W", "0.bias": "0.b"},
        "read: names must not make 0.weight 0.W, since PyTorch has its numbers in another order; "
        "write weights_from of interop.torch",
    ),
    (
        RNN_OF_TORCH,
        RNN.init(3, 3, seed=0),
        {"weight_ih_l0": "W", "weight_hh_l0": "U", "bias_ih_l0": "b"},
        "read: names must not make bias_ih_l0 b, since PyTorch has its numbers in another order; "
        "write weights_from of interop.torch",
    ),
    (TORCH, Tanh(), {"1": "0"}, "read: names has 1, with which no name of net.safetensors begins"),
    (
        TORCH,
        Tanh(),
        {"0.weight": "0.bias"},
        "read: names must keep all names apart, but two of net.safetensors become 0.bias",
    ),
]


@pytest.mark.parametrize(("arrays", "like", "names", "sentence"), NAMES, ids=lambda value: str(value)[:40])
def test_names_that_confuse_are_refused(path, arrays, like, names, sentence):
    library.save_file(arrays, path)
    assert_says(kind_error(lambda: read(path, like, names=names)) >> sentence, like)


def test_names_that_lead_nowhere_are_lacking(path):
    library.save_file({"a.kernel": np.ones(2), "b.c.kernel": np.ones(2)}, path)
    like = Dense.init(1, 1, seed=0)
    with pytest.raises(FileError, match="must have the arrays of like; it does not have W, b"):
        read(path, like, names={"a.kernel": "7.W", "b.c.kernel": "there.W"})
