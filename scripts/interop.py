"""Reads a store with Polars and pyarrow and prints what they saw as JSON. Arguments: root, JSON list of live files."""

import hashlib
import json
import sys

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

root, files = sys.argv[1], json.loads(sys.argv[2])
folder = f"{root}/ohlcv/provider=synthetic/interval=1m/symbol=BTCUSDT"
COLUMNS = ["timestamp", "open", "high", "low", "close", "volume"]


def digest(array: pa.ChunkedArray) -> str:
    values = array.cast(pa.int64()) if pa.types.is_timestamp(array.type) else array
    return hashlib.sha256(values.to_numpy().tobytes()).hexdigest()


def seen(tool: str, table: pa.Table) -> dict:
    return {
        "tool": tool,
        "rows": table.num_rows,
        "types": {name: str(table.schema.field(name).type) for name in COLUMNS},
        "digests": {name: digest(table.column(name)) for name in COLUMNS},
    }


glob = pl.scan_parquet(f"{folder}/*.parquet").select(COLUMNS).sort("timestamp").collect()
live = pl.scan_parquet(files).select(COLUMNS).sort("timestamp").collect()
hive = pl.scan_parquet(f"{root}/ohlcv/**/*.parquet", hive_partitioning=True)
hive = hive.filter((pl.col("symbol") == "BTCUSDT") & (pl.col("provider") == "synthetic")).select(COLUMNS).sort("timestamp")
dataset = ds.dataset(folder, format="parquet", exclude_invalid_files=False, ignore_prefixes=["_", "."])
print(
    json.dumps(
        [
            seen(f"Polars {pl.__version__}, glob", glob.to_arrow()),
            seen(f"Polars {pl.__version__}, files()", live.to_arrow()),
            seen(f"Polars {pl.__version__}, hive over the whole store", hive.collect().to_arrow()),
            seen(f"pyarrow {pa.__version__}, dataset", dataset.to_table(COLUMNS).sort_by("timestamp")),
            seen(f"pyarrow {pa.__version__}, file by file", pa.concat_tables([pq.read_table(f, columns=COLUMNS) for f in files])),
        ]
    )
)
