"""Writes Parquet files with pyarrow and Polars, and reads files of marketlake back; driven by python.test.ts.

    python parquet.py write FOLDER        files and manifest.json with the expected values
    python parquet.py read FILE...        schema and values of each file as JSON lines, by pyarrow and Polars
"""
import json
import math
import os
import struct
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 5000


def bits(value):
    return str(struct.unpack("<q", struct.pack("<d", value))[0])


def shown(value):
    """One value as JSON that keeps every bit."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return "f" + bits(value)
    return str(value)


def doubles():
    special = [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308, 0.1]
    return [special[i % 8] if i % 5 == 0 else round(100 + (i * 7919 % 1000) / 100, 2) for i in range(ROWS)]


def random_doubles():
    state, out = 1, []
    for _ in range(ROWS):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out.append(state / 2**64)
    return out


def columns():
    """Name -> (arrow type, values, what we must read)."""
    days = [date(1969, 12, 1) + timedelta(days=i % 3000) for i in range(ROWS)]
    texts = ["buy", "sell", "", "日本", "\ufeffbom", "x" * 300]
    big = [(-1) ** i * (i * 922337203685477) for i in range(ROWS)]
    nulls = [None if i % 7 == 0 else i / 4 for i in range(ROWS)]
    table = {
        "timestamp": (pa.timestamp("us", "UTC"), [1_700_000_000_000_000 + i * 60_000_000 for i in range(ROWS)], None),
        "ns": (pa.timestamp("ns", "UTC"), [1_700_000_000_000_000_001 + i * 7 for i in range(ROWS)], None),
        "ms": (pa.timestamp("ms", "UTC"), [1_700_000_000_001 + i * i for i in range(ROWS)], None),
        "naive": (pa.timestamp("us"), [-5 + i * 3_600_000_000 for i in range(ROWS)], None),
        "price": (pa.float64(), doubles(), None),
        "random": (pa.float64(), random_doubles(), None),
        "nulls": (pa.float64(), nulls, None),
        "allnull": (pa.float64(), [None] * ROWS, None),
        "constant": (pa.float64(), [1.25] * ROWS, None),
        "real": (pa.float32(), [i / 8 for i in range(ROWS)], None),
        "big": (pa.int64(), big, None),
        "bignull": (pa.int64(), [None if i % 3 else v for i, v in enumerate(big)], None),
        "i32": (pa.int32(), [-i for i in range(ROWS)], None),
        "i16": (pa.int16(), [i % 1000 - 500 for i in range(ROWS)], None),
        "i8": (pa.int8(), [i % 256 - 128 for i in range(ROWS)], None),
        "u8": (pa.uint8(), [i % 256 for i in range(ROWS)], None),
        "u16": (pa.uint16(), [i * 13 for i in range(ROWS)], None),
        "u32": (pa.uint32(), [4_294_967_295 - i for i in range(ROWS)], None),
        "u64": (pa.uint64(), [2**63 - 1 - i for i in range(ROWS)], None),
        "flag": (pa.bool_(), [i % 3 == 0 for i in range(ROWS)], None),
        "flagnull": (pa.bool_(), [None if i % 11 == 0 else i % 3 == 0 for i in range(ROWS)], None),
        "text": (pa.string(), [texts[i % 6] for i in range(ROWS)], None),
        "textnull": (pa.string(), [None if i % 4 == 0 else f"t{i % 50}" for i in range(ROWS)], None),
        "unique": (pa.string(), [f"order-{i:08d}" for i in range(ROWS)], None),
        "day": (pa.date32(), days, [(d - date(1970, 1, 1)).days for d in days]),
    }
    decimals = [Decimal(i * 7 - 9000).scaleb(-2) for i in range(ROWS)]
    for name, precision in (("dec9", 9), ("dec18", 18), ("dec38", 38)):
        table[name] = (pa.decimal128(precision, 2), decimals, [float(d) for d in decimals])
    return table


def arrow_table(table):
    arrays = {}
    for name, (kind, values, _) in table.items():
        if pa.types.is_timestamp(kind):
            arrays[name] = pa.array(values, pa.int64()).cast(kind)
        else:
            arrays[name] = pa.array(values, kind)
    return pa.table(arrays)


def write(folder):
    table = columns()
    arrow = arrow_table(table)
    expected = {name: [shown(v) for v in (wanted or values)] for name, (_, values, wanted) in table.items()}
    with open(os.path.join(folder, "expected.json"), "w") as out:
        json.dump(expected, out)
    files = []

    def add(name, writer, skip=()):
        path = os.path.join(folder, name + ".parquet")
        writer(path)
        files.append({"path": path, "columns": [c for c in table if c not in skip]})

    for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4"):
        for version in ("1.0", "2.0"):
            for dictionary in (True, False):
                name = f"pyarrow-{codec}-{version}-{'dictionary' if dictionary else 'plain'}"
                add(name, lambda path, codec=codec, version=version, dictionary=dictionary: pq.write_table(
                    arrow, path, compression=codec, data_page_version=version, use_dictionary=dictionary,
                    row_group_size=1700, data_page_size=2048, write_page_checksum=True))
    encodings = {
        "timestamp": "DELTA_BINARY_PACKED", "ns": "DELTA_BINARY_PACKED", "big": "DELTA_BINARY_PACKED",
        "bignull": "DELTA_BINARY_PACKED", "i32": "DELTA_BINARY_PACKED", "i8": "DELTA_BINARY_PACKED",
        "price": "BYTE_STREAM_SPLIT", "nulls": "BYTE_STREAM_SPLIT", "real": "BYTE_STREAM_SPLIT",
        "text": "DELTA_BYTE_ARRAY", "textnull": "DELTA_LENGTH_BYTE_ARRAY", "unique": "DELTA_BYTE_ARRAY",
        "ms": "BYTE_STREAM_SPLIT", "u16": "BYTE_STREAM_SPLIT", "flag": "RLE",
    }
    for version in ("1.0", "2.0"):
        add(f"pyarrow-encodings-{version}", lambda path, version=version: pq.write_table(
            arrow, path, compression="zstd", data_page_version=version, use_dictionary=False,
            column_encoding=encodings))
    add("pyarrow-required", lambda path: pq.write_table(
        arrow.select(["timestamp", "price", "text"]).cast(pa.schema([
            pa.field("timestamp", pa.timestamp("us", "UTC"), False), pa.field("price", pa.float64(), False),
            pa.field("text", pa.string(), False)])), path), [c for c in table if c not in ("timestamp", "price", "text")])
    add("pyarrow-int96", lambda path: pq.write_table(
        arrow.select(["ns"]), path, use_deprecated_int96_timestamps=True), [c for c in table if c != "ns"])
    add("pyarrow-categorical", lambda path: pq.write_table(
        arrow.select(["text", "textnull"]).set_column(0, "text", arrow["text"].dictionary_encode()), path),
        [c for c in table if c not in ("text", "textnull")])
    frame = pl.from_arrow(arrow)
    for codec in ("uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"):
        add(f"polars-{codec}", lambda path, codec=codec: frame.write_parquet(
            path, compression=codec, row_group_size=1700, data_page_size=2048))
    nested = pa.table({"timestamp": arrow["timestamp"], "list": pa.array([[1, 2]] * ROWS),
                       "struct": pa.array([{"a": 1, "b": None}] * ROWS), "price": arrow["price"]})
    add("pyarrow-nested", lambda path: pq.write_table(nested, path), [c for c in table if c not in ("timestamp", "price")])
    uuid = pa.array([UUID(int=i).bytes for i in range(ROWS)], pa.binary(16))
    add("pyarrow-other", lambda path: pq.write_table(pa.table({"uuid": uuid, "price": arrow["price"]}), path),
        [c for c in table if c != "price"])
    print(json.dumps(files))


def values_of(arrow):
    out = {}
    for name in arrow.column_names:
        column = arrow[name]
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64())
        out[name] = [shown(v) for v in column.to_pylist()]
    return out


def read(paths):
    for path in paths:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        arrow = file.read()
        frame = pl.read_parquet(path)
        group = file.metadata.row_group(0) if file.metadata.num_row_groups else None
        print(json.dumps({
            "pyarrow": {"types": {f.name: str(f.type) for f in arrow.schema}, "values": values_of(arrow),
                        "nullable": {f.name: f.nullable for f in arrow.schema},
                        "metadata": {k.decode(): v.decode() for k, v in (file.schema_arrow.metadata or {}).items()},
                        "sorting": [c.column_index for c in group.sorting_columns] if group else []},
            "polars": {"types": {n: str(t) for n, t in frame.schema.items()}, "values": values_of(frame.to_arrow())},
        }))


if __name__ == "__main__":
    write(sys.argv[2]) if sys.argv[1] == "write" else read(sys.argv[2:])
