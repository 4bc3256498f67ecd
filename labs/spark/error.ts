import * as grpc from "@grpc/grpc-js";
import { LabError } from "../shared/errors.js";

/** Prefixes around the actual error message: the query, the task, and names of Java exceptions. */
const WRAPPINGS = [
  /^\[STREAM_FAILED\] .*?terminated with exception: /,
  /^Job aborted due to stage failure: .*? most recent failure: Lost task .*?\(TID \d+\) \([^)]*\): /,
  /^(Caused by: )?[\w$]+(\.[\w$]+)+(\([\w$.]+\))?: /,
];
/** Messages of the HDFS client when the NameNode or the DataNodes are unavailable, and what they mean. */
const HDFS_TROUBLE: [RegExp, string][] = [
  [/safe ?mode/i, "HDFS is in safe mode, which ends when its DataNodes have reported"],
  [
    /minReplication|datanodes? .*(are bad|excluded)|no datanode|DFSOutputStream|Could not obtain block|BlockMissing/i,
    "HDFS has lost its DataNode",
  ],
  [
    // Spark may name only what it could not do: commit its state.
    /Error committing version \d+ into HDFSStateStore\[.*dir=hdfs:|org\.apache\.hadoop\.ipc|java\.net\.ConnectException: Call From|Call From .* to .* failed|destination host is|hadoop\/(EOF|ConnectionRefused)/,
    "HDFS does not answer Spark",
  ],
];

/**
 * Spark's message in readable form: the error and its innermost cause, without Java's stack trace, and what to do if HDFS is
 * the cause.
 */
export function sparkMessage(details: string, local: boolean): string {
  const forbidden = /Not authorized to access topics: \[(.*?)\]/.exec(details)?.[1];
  if (forbidden !== undefined) {
    return `Kafka does not let Spark read the topic ${forbidden}: the user that KAFKA_USERNAME names needs the rights Describe and Read for it`;
  }
  const lines = details
    .split("\n")
    .filter((line) => !/^\s*(at [\w$.]+\/?|\.\.\.|Driver stacktrace:)/.test(line));
  const plainLine = (line: string) => {
    let before: string;
    do {
      before = line;
      for (const wrapping of WRAPPINGS) line = line.replace(wrapping, "");
    } while (line !== before);
    return line;
  };
  const causes = lines.filter((line) => line.startsWith("Caused by: "));
  const message = lines
    .filter((line) => !line.startsWith("Caused by: "))
    .map(plainLine)
    .join("\n")
    .trimEnd();
  const cause = causes.length === 0 ? "" : ` (${plainLine(causes.at(-1)!)})`;
  const trouble = HDFS_TROUBLE.find(([pattern]) => pattern.test(details))?.[1];
  if (trouble === undefined) return `Spark refused: ${message}${cause}`;
  const remedy = local ? "npx tsx scripts/stack.ts up hdfs" : "check the cluster's HDFS";
  return `${trouble}: ${remedy}, then the same command continues.\nSpark: ${message}${cause}`;
}

/** Converts an error of a call to Spark into a readable one. Returns any other error unchanged. */
export function sparkError(error: unknown, remote: string, local: boolean): unknown {
  if (!(error instanceof Error && "code" in error && "details" in error)) return error;
  const details = String(error.details);
  switch (error.code) {
    case grpc.status.UNAVAILABLE:
    case grpc.status.DEADLINE_EXCEEDED:
      return new LabError(
        local
          ? `Spark is not running at ${remote}: npx tsx scripts/stack.ts up spark, or check SPARK_REMOTE if it is set`
          : `Spark does not answer at ${remote} (${details}): check SPARK_REMOTE; for a certificate of your own authority, set NODE_EXTRA_CA_CERTS`,
      );
    case grpc.status.UNAUTHENTICATED:
    case grpc.status.PERMISSION_DENIED:
      return new LabError(
        `Spark at ${remote} refuses the token or the user (${details}): check SPARK_REMOTE`,
      );
    default:
      if (details === "")
        return new LabError(
          `Spark failed without a message; its log says why${local ? ": npx tsx scripts/stack.ts logs spark" : ""}`,
        );
      return new LabError(sparkMessage(details, local));
  }
}
