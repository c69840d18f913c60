"""Rows in JSON lines to the tables people work with: CSV, and Parquet with types."""

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path

COLUMNS = ("person_key", "person_number", "other_key", "other_number", "band", "log10_lr", "evidence")


def to_csv(rows: Path, table: Path) -> None:
    """A number that is not issued yet stays empty; evidence as `face=4.6;right_index=4.8`, in log10 LR."""
    with rows.open("rb") as lines, table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in map(json.loads, lines):
            evidence = ";".join(f"{one['position']}={one['log10_lr']:.1f}" for one in row["evidence"])
            writer.writerow([*(row[name] for name in COLUMNS[:-2]), f"{row['log10_lr']:.2f}", evidence])


def to_parquet(rows: Path, table: Path) -> None:
    """A number that is not issued yet is null; evidence is a list of (position, score, log10_lr)."""
    from arro3.core import DataType, Field, Schema  # only those who ask for Parquet wait for it
    from arro3.io import read_json, write_parquet

    text, number, key = DataType.string(), DataType.float64(), DataType.int64()
    one = DataType.struct([Field("position", text), Field("score", number), Field("log10_lr", number)])
    types = (key, text, key, text, text, number, DataType.list(Field("item", one)))
    fields = [Field(name, kind) for name, kind in zip(COLUMNS, types, strict=True)]
    write_parquet(read_json(rows, Schema(fields)), table, compression="zstd(3)")


WRITERS: Mapping[str, Callable[[Path, Path], None]] = {".csv": to_csv, ".parquet": to_parquet}
"""By the ending of the table's name. Each reads the rows one after another."""
