"""Milvus Lite, in this process. Raises ImportError when it is made where the package is missing."""

import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import faiss
import numpy as np

from benchmarks.peers.peer import Ids
from matcher.types import Vector


class MilvusLite:
    """Milvus Lite, with one of its indexes; it makes one per 128 MiB of rows or so.

    Its engine is called directly: the gRPC adapter would only add time to every search. index, built: type and
    parameters of the index. knob: name of the parameter that is the effort. Every search passes all keys through
    Python, whatever the index. Its folder is removed with this object.
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
