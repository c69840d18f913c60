"""Other indexes on the same fused rows: inner products of float32 vectors, one row per person.

One whose package is missing raises ImportError when it is made; none of these packages is part of the project.
"""

from collections.abc import Callable, Mapping
from functools import partial

from benchmarks.peers.faiss_indexes import Flat, Hnsw, IvfPq
from benchmarks.peers.libraries import HnswLib, Scann, USearch
from benchmarks.peers.milvus import MilvusLite
from benchmarks.peers.peer import Peer, measured_peer

__all__ = ["PEERS", "Peer", "measured_peer"]


def _pgvector(dimension: int, threads: int) -> Peer:
    from benchmarks.peers.postgres import PgVector

    return PgVector(dimension, threads)


PEERS: Mapping[str, Callable[[int, int], Peer]] = {
    "flat": Flat,
    "hnsw": Hnsw,
    "ivfpq": IvfPq,
    "hnswlib": HnswLib,
    "usearch": USearch,
    "scann": Scann,
    "pgvector": _pgvector,
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
