"""FAISS's exact scan, its graph and its inverted lists."""

import faiss
import numpy as np

from benchmarks.peers.peer import Ids
from matcher.types import Vector


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

    efforts = (32, 128, 512, 1024, 2048)

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
    """FAISS's inverted lists of 8-bit product codes, 64 bytes per row, √n·4 lists, exact products of the best 1000."""

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
