"""Tensors out of a file that torch saved, without torch.

Holds `read_tensors`.
Add here: another type of number, in `_STORAGES`.
Keep out: what the tensors are for.

The file is the older form of `torch.save`: five pickles, then the numbers of each storage. A pickle may run
any code, so the names that
this reader resolves are a fixed list, and each of them leads to a function of this module. Everything else is
refused.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.core.errors import ModelError

Tensors = dict[str, npt.NDArray[Any]]
_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_STORAGES: Mapping[str, npt.DTypeLike] = {"FloatStorage": np.float32, "LongStorage": np.int64}
_DAMAGED = "Install the package again that the file belongs to."


@dataclass(frozen=True)
class _Storage:
    """The numbers after the pickles: their type and how many."""

    key: str
    dtype: npt.DTypeLike
    count: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Named(dict[str, Any]):
    """Stands for an OrderedDict; what torch notes beside its entries is dropped."""

    def __setstate__(self, state: object) -> None:
        return


def _tensor(storage: _Storage, offset: int, shape: Any, strides: Any, *_rest: object) -> _Tensor:  # noqa: ANN401
    return _Tensor(storage, int(offset), tuple(shape), tuple(strides))


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as the base class has it
        known: dict[tuple[str, str], Callable[..., Any] | str] = {
            ("collections", "OrderedDict"): _Named,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            **{("torch", storage): storage for storage in _STORAGES},
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, and only tensors are read")
        return known[module, name]

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401 - as the base class has it
        _kind, storage, key, _device, count = pid[:5]
        return _Storage(str(key), _STORAGES[storage], int(count))


def read_tensors(content: bytes, file: Path) -> Tensors:
    """The named tensors of a saved state.

    Args:
        content: of the file.
        file: names it in errors.

    Returns:
        Name to array, in the order of the file; each has the shape and type that it was saved with.

    Raises:
        ModelError: if the file is no saved state, is damaged, or holds anything but tensors.
    """
    stream = io.BytesIO(content)
    try:
        if (_Reader(stream).load(), _Reader(stream).load()) != (_MAGIC, _PROTOCOL):
            raise ModelError(f"{file} is no file of torch's older form.", _DAMAGED)
        _Reader(stream).load()  # facts of the machine that saved it
        named, keys = _Reader(stream).load(), _Reader(stream).load()
        if not isinstance(named, dict) or not all(isinstance(t, _Tensor) for t in named.values()):
            raise ModelError(f"{file} holds more than named tensors.", _DAMAGED)
        storages = {t.storage.key: t.storage for t in named.values()}
        numbers = {key: _numbers(stream, storages[key]) for key in keys}
        return {name: _array(tensor, numbers) for name, tensor in named.items()}
    except (
        pickle.UnpicklingError,
        ValueError,
        KeyError,
        TypeError,
        EOFError,
        IndexError,
        AttributeError,
    ) as error:
        raise ModelError(f"{file} cannot be read as tensors: {error}.", _DAMAGED) from error


def _numbers(stream: io.BytesIO, storage: _Storage) -> npt.NDArray[Any]:
    count = int.from_bytes(stream.read(8), "little")
    if count != storage.count:
        raise ValueError(f"a storage has {count} numbers, not {storage.count}")
    width = np.dtype(storage.dtype).itemsize
    return np.frombuffer(stream.read(count * width), dtype=storage.dtype, count=count)


def _array(tensor: _Tensor, numbers: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """The tensor row by row; strides that would reach outside its storage are refused."""
    found = numbers[tensor.storage.key][tensor.offset :]
    last = sum((size - 1) * step for size, step in zip(tensor.shape, tensor.strides, strict=True))
    if (
        tensor.offset < 0
        or min((*tensor.shape, 1)) < 1
        or min((*tensor.strides, 0)) < 0
        or last >= found.size
    ):
        raise ValueError(f"a tensor of shape {tensor.shape} exceeds its storage")
    strides = [step * found.itemsize for step in tensor.strides]
    return np.ascontiguousarray(np.lib.stride_tricks.as_strided(found, tensor.shape, strides)).reshape(
        tensor.shape
    )
