"""The tape as an idiomatic PySpark job, from a cold start: prices and windows as Parquet, in ten micro-batches.

Usage: spark_tape.py FOLDER_OF_JSON_LINES OUTPUT
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

tape, out = sys.argv[1:]
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.sql.session.timeZone", "UTC")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
events = (
    spark.readStream.schema("asset STRING, price_usd DOUBLE, event_time TIMESTAMP")
    .option("maxFilesPerTrigger", 1)
    .json(tape)
)
windows = (
    events.withWatermark("event_time", "30 seconds")
    .groupBy("asset", f.window("event_time", "1 minute", "10 seconds"))
    .agg(
        f.count("*").alias("count"),
        f.avg("price_usd").alias("avg_price"),
        f.stddev("price_usd").alias("stddev_price"),
        f.min("price_usd").alias("min_price"),
        f.max("price_usd").alias("max_price"),
        f.min_by("price_usd", "event_time").alias("first_price"),
        f.max_by("price_usd", "event_time").alias("last_price"),
    )
)
queries = [
    rows.writeStream.format("parquet")
    .outputMode("append")
    .trigger(availableNow=True)
    .option("checkpointLocation", f"{out}/checkpoint-{name}")
    .start(f"{out}/{name}")
    for name, rows in [("prices", events), ("windows", windows)]
]
for query in queries:
    query.awaitTermination()
