import * as grpc from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { sparkError, sparkMessage } from "../../labs/spark/error.js";

// What Spark 3.5.7 answered when its DataNode was killed, shortened by lines of the stack.
const LOST_DATANODE = `[STREAM_FAILED] Query [id = e8270284-f958-4f41-8d73-4c17816f4f1f, runId = d7801420-6113-4012-9807-b428c6850c5a] terminated with exception: Job aborted due to stage failure: Task 0 in stage 2.0 failed 1 times, most recent failure: Lost task 0.0 in stage 2.0 (TID 2) (localhost executor driver): org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed while writing rows to hdfs://127.0.0.1:22152/s1/prices.
\tat org.apache.spark.sql.errors.QueryExecutionErrors$.taskFailedWhileWritingRowsError(QueryExecutionErrors.scala:775)
\tat org.apache.spark.executor.Executor$TaskRunner.run(Executor.scala:624)
\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(Unknown Source)
\tat java.base/java.lang.Thread.run(Unknown Source)
Caused by: org.apache.hadoop.ipc.RemoteException(java.io.IOException): File /s1/prices/part-00000.snappy.parquet could only be written to 0 of the 1 minReplication nodes. There are 1 datanode(s) running and 1 node(s) are excluded in this operation.
\tat org.apache.hadoop.hdfs.server.blockmanagement.BlockManager.chooseTarget4NewBlock(BlockManager.java:2350)
\tat org.apache.hadoop.hdfs.server.namenode.FSDirWriteFileOp.chooseTarget...`;

test("a DataNode lost under Spark is two lines: what happened and what to do, and Spark's words without Java's stack", () => {
  expect(sparkMessage(LOST_DATANODE, true)).toBe(
    "HDFS has lost its DataNode: npx tsx scripts/stack.ts up hdfs, then the same command continues.\n" +
      "Spark: [TASK_WRITE_FAILED] Task failed while writing rows to hdfs://127.0.0.1:22152/s1/prices. " +
      "(File /s1/prices/part-00000.snappy.parquet could only be written to 0 of the 1 minReplication nodes. " +
      "There are 1 datanode(s) running and 1 node(s) are excluded in this operation.)",
  );
  expect(sparkMessage(LOST_DATANODE, false)).toMatch(/^HDFS has lost its DataNode: check/);
});

test("what Spark says of a query it refuses stays whole, with the place in the query", () => {
  const details =
    "[PARSE_SYNTAX_ERROR] Syntax error at or near 'SELEKT'.(line 1, pos 0)\n\n== SQL ==\nSELEKT 1\n^^^\n";
  expect(sparkMessage(details, true)).toBe(`Spark refused: ${details.trimEnd()}`);
});

test("a NameNode lost under Spark is said as such", () => {
  const details =
    'End of File Exception between local host is: "vm/127.0.0.1"; destination host is: "localhost":23003; : java.io.EOFException';
  expect(sparkMessage(details, true)).toMatch(/^HDFS does not answer Spark: .*stack\.ts up hdfs/);
});

test("state that cannot be committed to HDFS is HDFS's trouble, even if Spark gives no cause", () => {
  const details =
    "Error committing version 3 into HDFSStateStore[id=(op=0,part=0),dir=hdfs://127.0.0.1:8020/out/checkpoint/windows/state/0/0]";
  expect(sparkMessage(details, true)).toMatch(
    /^HDFS does not answer Spark: npx tsx scripts\/stack\.ts up hdfs/,
  );
});

test("a Spark that ends within a call, and so gives no message, leads to its log", () => {
  const error = Object.assign(new Error(), { code: grpc.status.INTERNAL, details: "" });
  const found = sparkError(error, "sc://127.0.0.1:15002", true) as Error;
  expect(found.message).toMatch(/its log says why: npx tsx scripts\/stack\.ts logs spark$/);
});

test("a topic that Spark may not read is one line that names the rights", () => {
  const details =
    "[STREAM_FAILED] Query [id = 1, runId = 2] terminated with exception: Job aborted due to stage failure: Task 0 in stage 1.0 failed 1 times, most recent failure: Lost task 0.0 in stage 1.0 (TID 1) (localhost executor driver): org.apache.kafka.common.errors.TopicAuthorizationException: Not authorized to access topics: [crypto_prices_1]\n\nDriver stacktrace:";
  expect(sparkMessage(details, true)).toBe(
    "Kafka does not let Spark read the topic crypto_prices_1: the user that KAFKA_USERNAME names needs the rights Describe and Read for it",
  );
});
