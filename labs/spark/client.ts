import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import { createSecureContext } from "node:tls";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { shownAddress } from "../shared/address.js";
import { LabError } from "../shared/errors.js";
import { arrowRows, type SparkRow } from "./arrow.js";
import { sparkError } from "./error.js";
import type { ExecutePlanResponse } from "./protocol.js";
import type { Relation } from "./relation.js";
import { parseRemote, type SparkRemote } from "./remote.js";
import { streamingQuery, type StreamingQuery, type WriteStreamOptions } from "./streaming-query.js";

/** The part of the Spark Connect protocol that the lab uses, relative to the project's root. */
export const PROTOCOL = "labs/spark/connect.proto";

const CONNECT_TIMEOUT_MS = 20_000;

/** A session with a Spark 3.5 Connect server. */
export interface SparkSession {
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

/** TLS checks the server's certificate by Node's authorities; NODE_EXTRA_CA_CERTS names a file with more of them. */
function credentialsFor({ useSsl, token }: SparkRemote): grpc.ChannelCredentials {
  if (!useSsl) return grpc.credentials.createInsecure();
  // With createSsl, grpc-js does not take the authorities of NODE_EXTRA_CA_CERTS.
  const encrypted = grpc.credentials.createFromSecureContext(createSecureContext());
  if (token === undefined) return encrypted;
  const authorized = grpc.credentials.createFromMetadataGenerator((_, callback) => {
    const metadata = new grpc.Metadata();
    metadata.set("authorization", `Bearer ${token}`);
    callback(null, metadata);
  });
  return grpc.credentials.combineChannelCredentials(encrypted, authorized);
}

/**
 * Connects to a Spark Connect server. Nothing is sent before the first query.
 *
 * The protocol is `spark/connect/*.proto` of Spark 3.5; `connect.proto` in this folder contains the part that the lab uses.
 *
 * @param remote `sc://host:port`, as for Spark's own clients; see `parseRemote`
 * @param connectTimeoutMs how long to wait for the server
 * @throws UsageError if the address is invalid
 */
export function connectSpark(
  remote: string,
  protocol = PROTOCOL,
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
): SparkSession {
  const parsed = parseRemote(remote);
  const { address, useSsl, userId = userInfo().username } = parsed;
  const isOwn = !useSsl && /^(127\.|localhost)/.test(address);
  const definition = loadSync(protocol, { longs: Number, oneofs: true });
  const { spark } = grpc.loadPackageDefinition(definition) as unknown as {
    spark: { connect: { SparkConnectService: grpc.ServiceClientConstructor } };
  };
  const client = new spark.connect.SparkConnectService(address, credentialsFor(parsed), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    // A proxy to the internet cannot reach a loopback address or a cluster's hosts.
    "grpc.enable_http_proxy": 0,
  });
  const sessionId = randomUUID();

  /** Waits until the server can be reached, sends a plan and collects the responses. */
  async function execute(plan: object): Promise<ExecutePlanResponse[]> {
    try {
      // If there is no connection by then, the call fails at once and says why.
      const deadline = Date.now() + connectTimeoutMs;
      await new Promise((resolve) => client.waitForReady(deadline, resolve));
      const call = (client["executePlan"] as ExecutePlan)({
        sessionId,
        userContext: { userId, userName: userId },
        clientType: "crypto-streaming-lab",
        plan,
      });
      const responses: ExecutePlanResponse[] = [];
      for await (const response of call) responses.push(response as ExecutePlanResponse);
      return responses;
    } catch (error) {
      throw sparkError(error, shownAddress(remote), isOwn);
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
