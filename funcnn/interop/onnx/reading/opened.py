"""Models of ONNX from paths, bytes and objects, with the checks that come before reading."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onnx import ModelProto, TensorProto
from onnx.checker import check_model
from onnx.external_data_helper import load_external_data_for_tensor
from onnx.numpy_helper import to_array

from funcnn.arrays import kind
from funcnn.errors import FileError, KindError, NoFileError

OLDEST = 9
"""The oldest version of ONNX's operators that is read."""

MOST = 2**31
"""The size from which on a model cannot be given to the checker of the package onnx, in bytes."""


def opened(model: Any) -> ModelProto:
    """The model, with its external data, checked by the package onnx"""
    name, folder = "model", ""
    if isinstance(model, str | os.PathLike):
        name, folder = f"{Path(model).name!r}", str(Path(model).absolute().parent)
        proto = _parsed(_bytes_of(Path(model)), name)
    elif isinstance(model, bytes):
        proto = _parsed(model, name)
    elif isinstance(model, ModelProto):
        proto = ModelProto()
        proto.CopyFrom(model)
    else:
        raise KindError(f"from_onnx: model must be a path, bytes or a ModelProto, not {kind(model)}")
    versions = [one.version for one in proto.opset_import if one.domain in ("", "ai.onnx")]
    if not versions or versions[0] < OLDEST:
        given = versions[0] if versions else "none"
        raise KindError(f"from_onnx: {name} must have opset {OLDEST} or later, not {given}")
    if proto.graph.sparse_initializer:
        sparse = proto.graph.sparse_initializer[0].values.name
        raise KindError(f"from_onnx: {sparse!r} must be an array of all its numbers, not a sparse one")
    for part in (proto.graph, *proto.functions):
        for tensor in [one for one in _tensors(part) if one.data_location == TensorProto.EXTERNAL]:
            _load(tensor, folder)
    _check(proto, name)
    return proto


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NoFileError(f"from_onnx: there is no file {path}") from error
    except OSError as error:
        raise FileError(f"from_onnx: {path} cannot be read: {error.strerror}") from error


def _parsed(data: bytes, name: str) -> ModelProto:
    proto = ModelProto()
    try:
        proto.ParseFromString(data)
    except Exception as error:  # of the library protobuf, which has several implementations
        raise FileError(f"from_onnx: {name} must be a model of ONNX, but its bytes cannot be parsed") from error
    if not proto.HasField("graph"):
        raise FileError(f"from_onnx: {name} must be a model of ONNX, but it has no graph")
    return proto


def _tensors(graph: Any) -> Iterator[TensorProto]:
    """The arrays of a graph, or of a function: weights, and settings of nodes, those of graphs inside too."""
    yield from getattr(graph, "initializer", ())
    for node in graph.node:
        for one in node.attribute:
            yield from (*([one.t] if one.HasField("t") else []), *one.tensors)
            for inner in (*([one.g] if one.HasField("g") else []), *one.graphs):
                yield from _tensors(inner)


def _load(tensor: TensorProto, folder: str) -> None:
    """Read the external data of an array, from a file inside the folder of the model"""
    location = {one.key: one.value for one in tensor.external_data}.get("location", "")
    data = f"from_onnx: the external data of {tensor.name!r}, {location!r},"
    if not folder:
        raise FileError(f"{data} can be read if model is a path, not bytes or a ModelProto")
    home, file = Path(folder).resolve(), (Path(folder) / location).resolve()
    if not location or not file.is_relative_to(home):
        raise FileError(f"{data} must be inside the folder of the model")
    if not file.is_file():
        raise NoFileError(f"{data} must be beside the model, but there is no such file")
    try:
        load_external_data_for_tensor(tensor, folder)
    except Exception as error:  # of any class, such as for a size beyond the file
        raise FileError(f"{data} cannot be read, since the file has {file.stat().st_size} bytes") from error
    tensor.data_location = TensorProto.DEFAULT


def _check(proto: ModelProto, name: str) -> None:
    """Refuse what is not a valid model, and arrays of sizes that their bytes do not have"""
    for tensor in _tensors(proto.graph):
        if any([size < 0 for size in tensor.dims]):
            raise FileError(f"from_onnx: {tensor.name!r} must have sizes from 0 on, not {list(tensor.dims)}")
        try:
            to_array(tensor)
        except Exception as error:  # of any class: its bytes are of another length, or its dtype is unknown
            needed = f"a dtype, and the numbers of the sizes {list(tensor.dims)}"
            raise FileError(f"from_onnx: {tensor.name!r} must have {needed}") from error
    if proto.ByteSize() < MOST:
        try:
            check_model(proto)
        except Exception as error:  # of any class, such as for names that are no text
            raise FileError(f"from_onnx: {name} must be a valid model: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """What an error of another library says, on one line"""
    return (str(error).strip() or repr(error)).split("\n", maxsplit=1)[0]
