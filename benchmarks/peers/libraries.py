"""hnswlib, usearch and ScaNN. Each raises ImportError when it is made where its package is missing."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.peer import Ids
from matcher.types import Vector


class HnswLib:
    """hnswlib's graph, M 32, ef_construction 80."""

    efforts = (32, 128, 512, 1024, 2048)

    def __init__(self, dimension: int, threads: int) -> None:
        import hnswlib

        self._index = hnswlib.Index("ip", dimension)
        self._index.init_index(1024, M=32, ef_construction=80)
        self._index.set_num_threads(threads)

    def add(self, rows: Vector) -> None:
        self._index.resize_index(self._index.get_current_count() + len(rows))
        self._index.add_items(rows)

    def finish(self) -> None: ...

    def search(self, rows: Vector, count: int, effort: int) -> Ids:
        self._index.set_ef(effort)
        return np.asarray(self._index.knn_query(rows, count)[0], np.int64)


class USearch:
    """usearch's graph, connectivity 32, expansion_add 80, float16 inside."""

    efforts = (32, 128, 512, 1024, 2048)

    def __init__(self, dimension: int, threads: int) -> None:
        from usearch.index import Index

        self._threads = threads
        self._index = Index(ndim=dimension, metric="ip", dtype="f16", connectivity=32, expansion_add=80)

    def add(self, rows: Vector) -> None:
        self._index.add(np.arange(len(self._index), len(self._index) + len(rows)), rows, threads=self._threads)

    def finish(self) -> None: ...

    def search(self, rows: Vector, count: int, effort: int) -> Ids:
        self._index.expansion_search = effort
        return np.asarray(self._index.search(rows, count, threads=self._threads).keys, np.int64).reshape(-1, count)


class Scann:
    """ScaNN: a tree of √n leaves over anisotropic 4-bit codes of 2 numbers, exact products of the best 1000."""

    efforts = (8, 32, 128, 512)

    def __init__(self, dimension: int, threads: int) -> None:
        import scann

        self._builder: Callable[..., Any] = scann.scann_ops_pybind.builder
        self._threads = threads
        self._rows: list[Vector] = []

    def add(self, rows: Vector) -> None:
        self._rows.append(rows)

    def finish(self) -> None:
        rows = np.concatenate(self._rows)
        self._rows = []
        leaves = int(len(rows) ** 0.5)
        self._index = (
            self._builder(rows, 10, "dot_product")
            .set_n_training_threads(self._threads)
            .tree(leaves, leaves, training_sample_size=min(len(rows), 100_000))
            .score_ah(2, anisotropic_quantization_threshold=0.2)
            .reorder(1000)
            .build()
        )

    def search(self, rows: Vector, count: int, effort: int) -> Ids:
        one = self._index.search_batched(rows, final_num_neighbors=count, leaves_to_search=effort)
        return np.asarray(one[0], np.int64)
