"""A topic as an idiomatic PySpark job: windows and their changes by one foreachBatch, prices by a second stream.

Usage: spark_stream.py BROKERS TOPIC, with the settings of the lab's own Spark server (SPARK_CONF_DIR).

Classic PySpark, in a process of its own: over Spark Connect, foreachBatch would need a second Python process on the
server, and Python packages that the lab does not install. The session starts and answers before the first job is timed. Each line of input is the output
folder of a job; each line of output is a JSON object: first the id of the Java process, then how long each job took.
"""

import json
import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

brokers, topic = sys.argv[1:]
BATCH_SIZE = 1_000
THRESHOLD = 0.5

spark = SparkSession.builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")


def run(out):
    records = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", brokers)
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", BATCH_SIZE)
        .load()
    )
    schema = "asset STRING, price_usd DOUBLE, event_time TIMESTAMP"
    events = (
        records.select(
            f.from_json(f.col("value").cast("string"), schema).alias("event"), "offset", "timestamp"
        )
        .select("event.*", "offset", "timestamp")
        .where("asset IS NOT NULL AND price_usd > 0 AND event_time <= timestamp + INTERVAL 1 DAY")
    )
    order = f.struct("event_time", "offset")
    windows = (
        events.withWatermark("event_time", "30 seconds")
        .groupBy("asset", f.window("event_time", "1 minute", "10 seconds"))
        .agg(
            f.count("*").alias("count"),
            f.avg("price_usd").alias("avg_price"),
            f.stddev("price_usd").alias("stddev_price"),
            f.min("price_usd").alias("min_price"),
            f.max("price_usd").alias("max_price"),
            f.min_by("price_usd", order).alias("first_price"),
            f.max_by("price_usd", order).alias("last_price"),
        )
        .select(
            "asset",
            f.col("window.start").alias("window_start"),
            f.col("window.end").alias("window_end"),
            *["count", "avg_price", "stddev_price", "min_price", "max_price", "first_price", "last_price"],
            f.expr("(last_price - first_price) / first_price * 100").alias("pct_change"),
        )
    )

    def write_batch(batch, _):
        batch.persist()
        batch.write.mode("append").parquet(f"{out}/windows")
        changes = batch.where(f.abs("pct_change") >= THRESHOLD)
        changes.write.mode("append").parquet(f"{out}/changes")
        batch.unpersist()

    writers = {
        "windows": windows.writeStream.foreachBatch(write_batch),
        "prices": events.select("asset", "price_usd", "event_time")
        .writeStream.format("parquet")
        .option("path", f"{out}/prices"),
    }
    queries = [
        writer.trigger(availableNow=True).option("checkpointLocation", f"{out}/checkpoint/{name}").start()
        for name, writer in writers.items()
    ]
    for query in queries:
        query.awaitTermination()


def say(**answer):
    print(json.dumps(answer), flush=True)


spark.sql("SELECT 1").collect()
say(pid=spark._jvm.java.lang.ProcessHandle.current().pid())
for line in sys.stdin:
    began = time.perf_counter()
    run(line.strip())
    say(seconds=time.perf_counter() - began)
