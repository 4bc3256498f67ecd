import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { shownAddress } from "../shared/address.js";
import { LabError, UsageError } from "../shared/errors.js";
import { arrowRows, type SparkRow } from "./arrow.js";
import { sparkError } from "./error.js";
import type { ExecutePlanResponse } from "./protocol.js";
import type { Relation } from "./relation.js";
import { streamingQuery, type StreamingQuery, type WriteStreamOptions } from "./streaming-query.js";

/** The part of the Spark Connect protocol that the lab uses, relative to the project's root. */
export const PROTOCOL = "labs/spark/connect.proto";

const DEFAULT_PORT = 15_002;
const CONNECT_TIMEOUT_MS = 20_000;

/** A session with a Spark 3.5 Connect server. */
export interface SparkSession {
  /** The server's address, `sc://host:port`. */
  readonly remote: string;
  /** Runs a SQL query or command and returns its rows. @throws LabError with Spark's message */
  sql<R extends object = SparkRow>(query: string): Promise<R[]>;
  /** Creates a temporary view, or replaces it, so that SQL can use a relation by name. */
  createView(name: string, relation: Relation): Promise<void>;
  /** Starts a streaming query that writes to a sink, in append mode by default. */
  writeStream(relation: Relation, options: WriteStreamOptions): Promise<StreamingQuery>;
  close(): void;
}

type ExecutePlan = (
  request: object,
  options?: grpc.CallOptions,
) => grpc.ClientReadableStream<ExecutePlanResponse>;

/** Host and port of `sc://host[:port]`. @throws UsageError if the text is not such an address */
export function parseRemote(remote: string): string {
  const match = /^sc:\/\/([^/:;]+|\[[^\]]+\])(?::(\d+))?\/?$/.exec(remote);
  if (match === null) {
    throw new UsageError(
      `${shownAddress(remote)} is not a Spark Connect address: expected sc://host:port, without parameters`,
    );
  }
  return `${match[1]}:${match[2] ?? DEFAULT_PORT}`;
}

/**
 * Connects to a Spark Connect server. Nothing is sent before the first query.
 *
 * The protocol is `spark/connect/*.proto` of Spark 3.5; `connect.proto` in this folder contains the part that the lab uses.
 *
 * @param remote `sc://host:port`, as for Spark's own clients
 * @param connectTimeoutMs how long to wait for the server
 * @throws UsageError if the address is invalid
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
    // A proxy to the internet cannot reach a loopback address or a cluster's hosts.
    "grpc.enable_http_proxy": 0,
  });
  const sessionId = randomUUID();
  const { username } = userInfo();

  /** Waits until the server can be reached, sends a plan and collects the responses. */
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
    // Sent as a command first: Spark executes commands and returns their rows; for a query it returns a relation to run.
    const responses = await execute({ command: { sqlCommand: { sql: query } } });
    const relation = responses.find((each) => each.sqlCommandResult)?.sqlCommandResult?.relation;
    if (relation === undefined) throw new LabError(`Spark returned no result for: ${query}`);
    if ("localRelation" in relation) {
      const { data } = relation.localRelation;
      return (data === undefined ? [] : arrowRows(data)) as R[];
    }
    return rowsOf(await execute({ root: relation })) as R[];
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
      const sinkOptions = { ...options.options, checkpointLocation: checkpoint };
      const trigger =
        everyMs === undefined
          ? { availableNow: true }
          : { processingTimeInterval: `${everyMs} milliseconds` };
      const responses = await execute({
        command: {
          writeStreamOperationStart: {
            input: relation,
            format,
            options: sinkOptions,
            outputMode,
            queryName: name,
            ...(path === undefined ? {} : { path }),
            ...trigger,
          },
        },
      });
      const started = responses.find((each) => each.writeStreamOperationStartResult);
      return streamingQuery(execute, started!.writeStreamOperationStartResult!.queryId, name);
    },
    close: () => client.close(),
  };
}
