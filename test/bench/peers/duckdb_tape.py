"""The tape in one batch by DuckDB with two threads: the floor of this machine.

Usage: duckdb_tape.py TAPE OUTPUT
"""

import sys

import duckdb

tape, out = sys.argv[1:]
duckdb.sql("SET threads = 2")
duckdb.sql(
    f"""CREATE TABLE events AS SELECT * FROM read_json('{tape}', format = 'newline_delimited',
        columns = {{asset: 'VARCHAR', price_usd: 'DOUBLE', event_time: 'TIMESTAMP'}})"""
)
duckdb.sql(f"COPY events TO '{out}/prices.parquet' (FORMAT parquet)")
duckdb.sql(
    f"""COPY (
        SELECT asset, start, count(*) AS count, avg(price_usd) AS avg_price, stddev(price_usd) AS stddev_price,
               min(price_usd) AS min_price, max(price_usd) AS max_price,
               arg_min(price_usd, event_time) AS first_price, arg_max(price_usd, event_time) AS last_price
        FROM (SELECT *, unnest(generate_series(0, 5)) * INTERVAL 10 SECONDS AS back,
                     time_bucket(INTERVAL 10 SECONDS, event_time) - back AS start FROM events)
        GROUP BY ALL
    ) TO '{out}/windows.parquet' (FORMAT parquet)"""
)
