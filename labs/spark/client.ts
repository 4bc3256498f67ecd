import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { tableFromIPC } from "apache-arrow";
import { LabError, UsageError, shownAddress } from "../errors.js";

/** The lab's part of the Spark Connect protocol, relative to the project's root. */
export const PROTOCOL = "labs/spark/connect.proto";

const DEFAULT_PORT = 15_002;
const CONNECT_TIMEOUT_MS = 20_000;

/** A table that Spark has not yet computed: a plan, as the protocol has it. */
export type Relation =
  | { sql: { query: string } }
  | {
      read: {
        dataSource: { format: string; schema?: string; options?: Options; paths?: string[] };
        isStreaming?: boolean;
      };
    }
  | { withWatermark: { input: Relation; eventTime: string; delayThreshold: string } };

type Options = Record<string, string>;

/** Rows by column name. Numbers, timestamps (milliseconds since the epoch), strings, booleans, null; nested values as JSON. */
export type SparkRow = Record<string, unknown>;

/** A running stream: Spark's `StreamingQuery`. */
export interface StreamingQuery {
  /** The same over restarts from one checkpoint. */
  readonly id: string;
  /** Another one for each start. */
  readonly runId: string;
  readonly name: string;
  /** The progress of the last batches, oldest first, in Spark's own JSON. */
  recentProgress(): Promise<SparkProgress[]>;
  isActive(): Promise<boolean>;
  /** Spark's message if the query has failed. */
  exception(): Promise<string | undefined>;
  stop(): Promise<void>;
  /**
   * Waits until the query ends. @returns whether it has; false when the time is over
   * @throws LabError with Spark's message if it failed
   */
  awaitTermination(timeoutMs?: number): Promise<boolean>;
  /** Waits until all that has been in the source when asked is in the sink. */
  processAllAvailable(): Promise<void>;
}

/** What the lab reads of Spark's `StreamingQueryProgress`. */
export interface SparkProgress {
  batchId: number;
  durationMs: Record<string, number>;
  eventTime?: { watermark?: string; max?: string };
  stateOperators: {
    numRowsTotal: number;
    numRowsRemoved: number;
    numRowsDroppedByWatermark: number;
  }[];
  /** `endOffset` is JSON: `{"topic":{"0":123}}`. */
  sources: { endOffset?: string; numInputRows: number; processedRowsPerSecond: number }[];
}

export interface WriteStreamOptions {
  /** A folder, for files. */
  path?: string;
  /** Files, or a table of the stream's name in the server's memory: for a look only. */
  format: "parquet" | "json" | "memory";
  checkpoint: string;
  name: string;
  /** What of the result a batch writes: the rows that are final, those that changed, or all. Files take the final ones only. */
  outputMode?: "append" | "update" | "complete";
  /** A micro-batch this often; without it all that is available now is read, in batches, and the query ends. */
  everyMs?: number;
}

/** A session with a Spark 3.5 Connect server. */
export interface SparkSession {
  /** Where it is, `sc://host:port`. */
  readonly remote: string;
  /** Runs a SQL query or command and gives its rows. @throws LabError with Spark's message */
  sql<R extends object = SparkRow>(query: string): Promise<R[]>;
  /** Names a relation, for SQL to use. */
  createView(name: string, relation: Relation): Promise<void>;
  /** Starts a stream into a sink, by default in append mode. */
  writeStream(relation: Relation, options: WriteStreamOptions): Promise<StreamingQuery>;
  close(): void;
}

/** The messages of the protocol, as the lab meets them. */
interface ExecutePlanResponse {
  arrowBatch?: { data: Uint8Array };
  sqlCommandResult?: { relation?: Relation | { localRelation: { data?: Uint8Array } } };
  writeStreamOperationStartResult?: { queryId: { id: string; runId: string }; name?: string };
  streamingQueryCommandResult?: {
    status?: { isActive?: boolean };
    recentProgress?: { recentProgressJson?: string[] };
    exception?: { exceptionMessage?: string };
    awaitTermination?: { terminated?: boolean };
  };
}

type ExecutePlan = (
  request: object,
  options?: grpc.CallOptions,
) => grpc.ClientReadableStream<ExecutePlanResponse>;

/** Host and port of `sc://host[:port]`. @throws UsageError if it is no such address */
export function parseRemote(remote: string): string {
  const match = /^sc:\/\/([^/:;]+|\[[^\]]+\])(?::(\d+))?\/?$/.exec(remote);
  if (match === null) {
    throw new UsageError(
      `${shownAddress(remote)} is no address of Spark Connect: expected sc://host:port, without parameters`,
    );
  }
  return `${match[1]}:${match[2] ?? DEFAULT_PORT}`;
}

/** A value of an Arrow column as plain JavaScript. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "object" && value !== null) {
    if (value instanceof Uint8Array) return value;
    if ("toJSON" in value && typeof value.toJSON === "function") return plain(value.toJSON());
    if (Array.isArray(value)) return value.map(plain);
    if (!(value instanceof Date)) {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
    }
  }
  return value;
}

function arrowRows(data: Uint8Array): SparkRow[] {
  return tableFromIPC(data)
    .toArray()
    .map((row) => plain(row) as SparkRow);
}

/** What surrounds the message of what failed: the query, the task, and the classes of Java's exceptions. */
const WRAPPINGS = [
  /^\[STREAM_FAILED\] .*?terminated with exception: /,
  /^Job aborted due to stage failure: .*? most recent failure: Lost task .*?\(TID \d+\) \([^)]*\): /,
  /^(Caused by: )?[\w$]+(\.[\w$]+)+(\([\w$.]+\))?: /,
];
/** What a client of HDFS says when the NameNode or the DataNodes are away. */
const HDFS_TROUBLE: [RegExp, string][] = [
  [/safe ?mode/i, "HDFS is in safe mode, which ends when its DataNodes have reported"],
  [
    /minReplication|datanodes? .*(are bad|excluded)|no datanode|DFSOutputStream|Could not obtain block|BlockMissing/i,
    "HDFS has lost its DataNode",
  ],
  [
    /org\.apache\.hadoop\.ipc|java\.net\.ConnectException: Call From|Call From .* to .* failed|destination host is|hadoop\/(EOF|ConnectionRefused)/,
    "HDFS does not answer Spark",
  ],
];

/**
 * What Spark says, for a person: what failed and its innermost cause, without the stack of Java, and what to do if it was HDFS.
 */
export function sparkMessage(details: string, local: boolean): string {
  const lines = details.split("\n").filter((line) => !/^\s*(at [\w$.]+\/?|\.\.\.)/.test(line));
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
  const remedy = local ? "npx tsx scripts/stack.ts up hdfs" : "look at the cluster's HDFS";
  return `${trouble}: ${remedy}, then the same command continues.\nSpark: ${message}${cause}`;
}

function sparkError(error: unknown, remote: string, local: boolean): unknown {
  if (!(error instanceof Error && "code" in error && "details" in error)) return error;
  const details = String(error.details);
  switch (error.code) {
    case grpc.status.UNAVAILABLE:
    case grpc.status.DEADLINE_EXCEEDED:
      return new LabError(
        local
          ? `Spark is not running at ${remote}: npx tsx scripts/stack.ts up spark, or check SPARK_REMOTE where it is set`
          : `Spark does not answer at ${remote} (${details}): check SPARK_REMOTE`,
      );
    default:
      return new LabError(sparkMessage(details, local));
  }
}

/**
 * Connects to a Spark Connect server. Nothing is sent before the first query.
 *
 * The protocol is Spark's own, `spark/connect/*.proto` of Spark 3.5; `connect.proto` beside this file has the part that the
 * lab uses.
 *
 * @param remote `sc://host:port`, as Spark's own clients take it
 * @param connectTimeoutMs how long to wait for the server, milliseconds
 * @throws UsageError if the address is none
 */
export function connectSpark(
  remote: string,
  protocol = PROTOCOL,
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
): SparkSession {
  const address = parseRemote(remote);
  const local = /^(127\.|localhost)/.test(address);
  const definition = loadSync(protocol, { longs: Number, oneofs: true });
  const { spark } = grpc.loadPackageDefinition(definition) as unknown as {
    spark: { connect: { SparkConnectService: grpc.ServiceClientConstructor } };
  };
  const client = new spark.connect.SparkConnectService(address, grpc.credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  const sessionId = randomUUID();
  const { username } = userInfo();

  /** The responses to a plan, once the server can be reached. */
  async function execute(plan: object): Promise<ExecutePlanResponse[]> {
    try {
      await new Promise<void>((resolve, reject) => {
        const deadline = Date.now() + connectTimeoutMs;
        client.waitForReady(deadline, (error) => {
          if (error === undefined || error === null) resolve();
          else
            reject(Object.assign(error, { code: grpc.status.UNAVAILABLE, details: error.message }));
        });
      });
      const call = (client["executePlan"] as ExecutePlan)({
        sessionId,
        userContext: { userId: username, userName: username },
        clientType: "crypto-streaming-lab",
        plan,
      });
      const responses: ExecutePlanResponse[] = [];
      for await (const response of call) responses.push(response as ExecutePlanResponse);
      return responses;
    } catch (error) {
      throw sparkError(error, remote, local);
    }
  }

  const rowsOf = (responses: ExecutePlanResponse[]) =>
    responses.flatMap(({ arrowBatch }) => (arrowBatch ? arrowRows(arrowBatch.data) : []));

  async function sql<R extends object>(query: string): Promise<R[]> {
    // As a command first: of what changes something Spark answers the rows, of a query the relation to run.
    const responses = await execute({ command: { sqlCommand: { sql: query } } });
    const relation = responses.find((each) => each.sqlCommandResult)?.sqlCommandResult?.relation;
    if (relation === undefined) throw new LabError(`Spark gave no answer to: ${query}`);
    if ("localRelation" in relation) {
      const { data } = relation.localRelation;
      return (data === undefined ? [] : arrowRows(data)) as R[];
    }
    return rowsOf(await execute({ root: relation })) as R[];
  }

  function streamingQuery(queryId: { id: string; runId: string }, name: string): StreamingQuery {
    async function ask(command: object) {
      const responses = await execute({
        command: { streamingQueryCommand: { queryId, ...command } },
      });
      return responses.find((each) => each.streamingQueryCommandResult)
        ?.streamingQueryCommandResult;
    }
    async function exception(): Promise<string | undefined> {
      const result = await ask({ exception: true });
      return result?.exception?.exceptionMessage || undefined;
    }
    return {
      ...queryId,
      name,
      recentProgress: async () => {
        const result = await ask({ recentProgress: true });
        const texts = result?.recentProgress?.recentProgressJson ?? [];
        return texts.map((text) => JSON.parse(text) as SparkProgress);
      },
      isActive: async () => (await ask({ status: true }))?.status?.isActive ?? false,
      exception,
      stop: async () => void (await ask({ stop: true })),
      processAllAvailable: async () => void (await ask({ processAllAvailable: true })),
      awaitTermination: async (timeoutMs) => {
        const command = timeoutMs === undefined ? {} : { timeoutMs };
        const awaited = await ask({ awaitTermination: command });
        return timeoutMs === undefined || awaited?.awaitTermination?.terminated === true;
      },
    };
  }

  return {
    remote,
    sql,
    createView: async (name, relation) => {
      await execute({
        command: { createDataframeView: { input: relation, name, isGlobal: false, replace: true } },
      });
    },
    writeStream: async (relation, options) => {
      const { path, format, checkpoint, name, outputMode = "append", everyMs } = options;
      const trigger =
        everyMs === undefined
          ? { availableNow: true }
          : { processingTimeInterval: `${everyMs} milliseconds` };
      const responses = await execute({
        command: {
          writeStreamOperationStart: {
            input: relation,
            format,
            options: { checkpointLocation: checkpoint },
            outputMode,
            queryName: name,
            ...(path === undefined ? {} : { path }),
            ...trigger,
          },
        },
      });
      const started = responses.find((each) => each.writeStreamOperationStartResult);
      return streamingQuery(started!.writeStreamOperationStartResult!.queryId, name);
    },
    close: () => client.close(),
  };
}

/** A query in Spark's SQL as a relation, streaming if what it reads is. */
export const sqlRelation = (query: string): Relation => ({ sql: { query } });

/** A streaming read. Options as in the Structured Streaming guide of the format. */
export const readStream = (format: string, options: Options): Relation => ({
  read: { dataSource: { format, options }, isStreaming: true },
});

/** A watermark on a column of event times. */
export const withWatermark = (input: Relation, eventTime: string, delayMs: number): Relation => ({
  withWatermark: { input, eventTime, delayThreshold: `${delayMs} milliseconds` },
});
