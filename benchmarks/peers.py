"""Other indexes on the same fused rows: inner products of float32 vectors, everybody a row.

Those that need a package of their own say so when it is missing; none of them is a part of the project.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from matcher.types import Vector

Ids = NDArray[np.int64]


class Peer(Protocol):
    """An index of rows 0, 1, 2 … in the order they were added."""

    @property
    def efforts(self) -> Sequence[int]:
        """Settings to try, cheapest first; a search is tuned by taking the first that finds as much as ours."""

    def add(self, rows: Vector) -> None: ...
    def finish(self) -> None:
        """Train or build what is left to do once all rows are there."""

    def search(self, rows: Vector, count: int, effort: int) -> Ids:
        """The ids (q, count) of the largest inner products."""


class Flat:
    """FAISS's exact scan."""

    efforts = (0,)

    def __init__(self, dimension: int, threads: int) -> None:
        self._threads = threads
        self.index = faiss.IndexFlatIP(dimension)

    def add(self, rows: Vector) -> None:
        self.index.add(rows)

    def finish(self) -> None: ...

    def search(self, rows: Vector, count: int, effort: int) -> Ids:
        faiss.omp_set_num_threads(self._threads)
        return np.asarray(self.index.search(rows, count)[1], np.int64)


class Hnsw:
    """FAISS's graph, 32 neighbours, built with efConstruction 80."""

    efforts = (32, 128, 512, 2048)

    def __init__(self, dimension: int, threads: int) -> None:
        self._threads = threads
        self.index = faiss.IndexHNSWFlat(dimension, 32, faiss.METRIC_INNER_PRODUCT)
        self.index.hnsw.efConstruction = 80

    def add(self, rows: Vector) -> None:
        faiss.omp_set_num_threads(self._threads)
        self.index.add(rows)

    def finish(self) -> None: ...

    def search(self, rows: Vector, count: int, effort: int) -> Ids:
        faiss.omp_set_num_threads(self._threads)
        self.index.hnsw.efSearch = effort
        return np.asarray(self.index.search(rows, count)[1], np.int64)


class IvfPq:
    """FAISS's inverted lists of 8-bit product codes, 64 bytes a row, √n·4 lists, the best 1000 looked at exactly."""

    efforts = (8, 32, 128, 512)

    def __init__(self, dimension: int, threads: int) -> None:
        self._dimension, self._threads = dimension, threads
        self._rows: list[Vector] = []

    def add(self, rows: Vector) -> None:
        self._rows.append(rows)

    def finish(self) -> None:
        faiss.omp_set_num_threads(self._threads)
        rows = np.concatenate(self._rows)
        self._rows = []
        lists = int(4 * len(rows) ** 0.5)
        self._codes = faiss.IndexIVFPQ(
            faiss.IndexFlatIP(self._dimension), self._dimension, lists, 64, 8, faiss.METRIC_INNER_PRODUCT
        )
        self._codes.train(rows[np.random.default_rng(0).choice(len(rows), min(len(rows), 40 * lists), replace=False)])
        self._codes.add(rows)
        self._exact = faiss.IndexRefineFlat(self._codes, faiss.swig_ptr(rows))
        self._kept = rows

    def search(self, rows: Vector, count: int, effort: int) -> Ids:
        faiss.omp_set_num_threads(self._threads)
        self._codes.nprobe = effort
        self._exact.k_factor = 1000 / count
        return np.asarray(self._exact.search(rows, count)[1], np.int64)


class HnswLib:
    """hnswlib's graph, M 32, ef_construction 80."""

    efforts = (32, 128, 512, 2048)

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

    efforts = (32, 128, 512, 2048)

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
    """ScaNN: a tree of √n leaves over anisotropic 4-bit codes of 2 numbers, the best 1000 looked at exactly."""

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


PEERS: Mapping[str, Callable[[int, int], Peer]] = {
    "flat": Flat,
    "hnsw": Hnsw,
    "ivfpq": IvfPq,
    "hnswlib": HnswLib,
    "usearch": USearch,
    "scann": Scann,
}


def measured_peer(
    peer: Peer,
    rows: Vector,
    judge: Callable[[Callable[[Vector], Ids]], Mapping[str, float]],
    wanted: float,
    singles: int,
) -> dict[str, Any]:
    """A peer's times and recall at the cheapest effort that finds `wanted` of the whole probes, or at its greatest.

    rows: whole probes (q, d). judge: recall by kind of probe, of a search for 10.
    """
    for effort in peer.efforts:
        recall = judge(partial(_search, peer, effort))
        if recall["whole"] >= wanted:
            break
    seconds = [_seconds(peer, row[None], effort) for row in rows[:singles]]
    batch = _seconds(peer, rows[:256], effort) / len(rows[:256])
    return {
        "effort": effort,
        "single_ms_p50": float(np.percentile(seconds, 50)) * 1e3,
        "single_ms_p99": float(np.percentile(seconds, 99)) * 1e3,
        "batch_ms": batch * 1e3,
        "found_of_exact": recall,
    }


def _search(peer: Peer, effort: int, rows: Vector) -> Ids:
    return peer.search(rows, 10, effort)


def _seconds(peer: Peer, rows: Vector, effort: int) -> float:
    began = time.perf_counter()
    peer.search(rows, 10, effort)
    return time.perf_counter() - began
