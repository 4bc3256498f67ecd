/// <reference path="./webhdfs.d.ts" />
import { userInfo } from "node:os";
import { Readable } from "node:stream";
import axios, { AxiosError, type AxiosResponse } from "axios";
import pRetry from "p-retry";
import { createClient } from "webhdfs";
import { shownAddress } from "../shared/address.js";
import { LabError, NotFoundError, UsageError, errorCode, errorMessage } from "../shared/errors.js";
import { startTimer } from "../shared/wait.js";
import type { Notify } from "../shared/notify.js";
import type { Content, Store } from "./store.js";

const METADATA_TIMEOUT_MS = 15_000;
const DATA_TIMEOUT_MS = 60_000;
/** What a DataNode says that has just lost the NameNode, or has not found it again: in the words of Hadoop's RPC client. */
const DATANODE_TROUBLE =
  /DestHost|destination host|Call From|EOFException|ConnectException|Connection re|Broken pipe|ClosedChannel|still not started|number of replicas|Could not obtain block|are bad/i;
/** How long HDFS may be away before it is an error: as long as Kafka. */
const PATIENCE_MS = 60_000;
const FIRST_RETRY_MS = 400;
const MAX_RETRY_MS = 2_000;

/** Where a NameNode is. */
export interface NameNode {
  host: string;
  /** Of its interface for programs such as Spark, which `hdfs://host:port` names. */
  rpcPort: number;
  /** Of WebHDFS, its HTTP interface. */
  httpPort: number;
  /** Of WebHDFS, where that is reached at another host, such as a gateway. */
  httpHost?: string;
}

/** A folder on HDFS, and where its NameNode is. */
export interface HdfsLocation extends NameNode {
  /** Absolute, without a slash at its end; empty for the root. */
  path: string;
}

const USUAL_RPC_PORT = 8_020;
const USUAL_HTTP_PORT = 9_870;
const MAX_PORT = 65_535;
/** `host`, `host:port`, and an IPv6 address in brackets. */
const ADDRESS = String.raw`([^\s/:@?#[\]]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?`;
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

function isSameHost(one: string, other: string): boolean {
  return one === other || (LOOPBACK.test(one) && LOOPBACK.test(other));
}

/**
 * Reads `hdfs://host:port/path`, the address of a NameNode and a path. WebHDFS is taken to be at its usual port, unless
 * that NameNode is `known`. `hdfs:///path` is a path on `known`.
 *
 * @throws UsageError if the text is no such URL
 */
export function parseHdfsUrl(text: string, known: NameNode): HdfsLocation {
  if (text.startsWith("webhdfs:")) {
    throw new UsageError(
      `${shownAddress(text)}: HDFS is named by its NameNode, hdfs://host:port; where WebHDFS is not at port ${USUAL_HTTP_PORT} of it, set HDFS_URL to that and WEBHDFS_URL=http://host:port`,
    );
  }
  const match = new RegExp(`^hdfs://(?:${ADDRESS})?(/[^?#]*)?$`).exec(text);
  const rpcPort = Number(match?.[2] ?? USUAL_RPC_PORT);
  if (match === null || rpcPort < 1 || rpcPort > MAX_PORT) {
    throw new UsageError(
      `${shownAddress(text)} is not an HDFS URL: expected hdfs://host:port/path, or hdfs:///path for the lab's own`,
    );
  }
  const host = match[1]?.toLowerCase();
  const path = (match[3] ?? "").replace(/\/+/g, "/").replace(/\/$/, "");
  if (path.split("/").some((part) => part === "." || part === "..")) {
    throw new UsageError(`${text}: HDFS takes no . and .. in a path`);
  }
  if (host === undefined) return { ...known, path };
  const isKnown = isSameHost(host, known.host) && rpcPort === known.rpcPort;
  return { ...(isKnown ? known : { host, rpcPort, httpPort: USUAL_HTTP_PORT }), path };
}

/**
 * The NameNode that HDFS_URL and WEBHDFS_URL name.
 *
 * @param own the lab's, whose HTTP port is known
 * @returns undefined where neither is set
 * @throws UsageError if one of them is wrong
 */
export function parseNameNode(
  hdfsUrl: string | undefined,
  webhdfsUrl: string | undefined,
  own: NameNode,
): NameNode | undefined {
  if (hdfsUrl === undefined) {
    if (webhdfsUrl === undefined) return undefined;
    throw new UsageError(
      `WEBHDFS_URL is the HTTP address of the NameNode that HDFS_URL names: set HDFS_URL=hdfs://host:port too`,
    );
  }
  const { path, ...nameNode } = parseHdfsUrl(hdfsUrl, own);
  if (path !== "" || /^hdfs:\/\/(\/|$)/.test(hdfsUrl)) {
    throw new UsageError(
      `HDFS_URL must be hdfs://host:port, not ${hdfsUrl}; a path goes into --out`,
    );
  }
  if (webhdfsUrl === undefined) return nameNode;
  const match = new RegExp(`^http://${ADDRESS}/?$`).exec(webhdfsUrl);
  const httpPort = Number(match?.[2] ?? USUAL_HTTP_PORT);
  if (match === null || httpPort < 1 || httpPort > MAX_PORT) {
    throw new UsageError(
      `WEBHDFS_URL must be http://host:port, usually at port ${USUAL_HTTP_PORT}, without a path, a user or TLS`,
    );
  }
  const httpHost = match[1]!.toLowerCase();
  return { ...nameNode, httpPort, ...(httpHost === nameNode.host ? {} : { httpHost }) };
}

/** What a Hadoop service says when it refuses: WebHDFS REST API, "Error Responses". */
interface RemoteException {
  RemoteException?: { exception?: string; message?: string };
}

/** The body of an answer that may be JSON, a stream or a web page. */
async function remoteMessage(response: AxiosResponse<unknown>): Promise<string> {
  let { data } = response;
  if (data instanceof Readable) data = Buffer.concat(await data.toArray()).toString();
  if (typeof data === "string" || Buffer.isBuffer(data)) {
    try {
      data = JSON.parse(data.toString()) as unknown;
    } catch {
      data = undefined; // a page of a proxy, say
    }
  }
  const { exception, message } = (data as RemoteException | undefined)?.RemoteException ?? {};
  const [firstLine] = (message ?? "").split("\n");
  return firstLine || exception || noMessage(response);
}

const noMessage = ({ status }: AxiosResponse<unknown>) => `HTTP status ${status}`;

const isWhole = (content: Content): content is string | Uint8Array =>
  typeof content === "string" || content instanceof Uint8Array;

/** Whether content can be read again for another attempt: a stream or a generator is read once. */
const isRepeatable = (content: Content): boolean =>
  isWhole(content) ||
  !(content instanceof Readable || Object.is(content[Symbol.asyncIterator](), content));

export interface HdfsOptions {
  /** Told when HDFS is away for a moment, and that it is waited for. */
  notify?: Notify;
  /** How long HDFS may be away before it is an error, milliseconds. */
  patienceMs?: number;
}

/** A transient failure, such as a service that is starting. */
class TransientError extends LabError {
  constructor(
    place: string,
    readonly reason: string,
  ) {
    super(`${place}: ${reason}`);
  }
}

/**
 * A store on HDFS, by WebHDFS. The package webhdfs does what it can be trusted with: names. Content goes by
 * axios to the same REST API, since the package gives a 503 page as content and cannot rename over a file.
 *
 * From the WebHDFS REST API of Hadoop 3.3. A write or a read asks the NameNode, which names a DataNode. What is away for a
 * moment (a service that restarts, a NameNode in safe mode) is waited for.
 *
 * What HDFS promises: a file is complete when CREATE is answered, since that closes it: all DataNodes that get a copy have received
 * it (`hflush`). WebHDFS cannot ask that they have it on their disks (`hsync`); a DataNode syncs a file when it is closed if
 * `dfs.datanode.synconclose` is set. So a file outlives every process, and with copies on other machines one that loses power; on
 * the lab's single DataNode a power cut may cost the last seconds. The NameNode syncs names and renames before it answers.
 *
 * @param local whether it is the lab's own HDFS, which a person can start
 * @throws LabError (from each operation) naming the operation and the path
 */
export function hdfsStore(
  location: HdfsLocation,
  local: boolean,
  { notify = () => {}, patienceMs = PATIENCE_MS }: HdfsOptions = {},
): Store {
  const { host, httpPort, rpcPort, httpHost = host, path: root } = location;
  const user = userInfo().username;
  const nameNode = `http://${httpHost}:${httpPort}`;
  const rootUrl = `hdfs://${host}:${rpcPort}${root}`;
  const names = createClient(
    { host: httpHost, port: httpPort, path: "/webhdfs/v1", user },
    { timeout: METADATA_TIMEOUT_MS },
  );
  const absolute = (path: string) => `${root}/${path}`.replace(/\/$/, "") || "/";
  // Each part by itself: a name may hold %, + or ?.
  const encoded = (path: string) => path.split("/").map(encodeURIComponent).join("/");
  const remedy = local
    ? "npx tsx scripts/stack.ts up hdfs"
    : "check HDFS_URL or --out, and set WEBHDFS_URL if WebHDFS is at another address";
  const dfsadmin = `${local ? "setup/bin/" : ""}hdfs dfsadmin`;

  async function explain(what: string, path: string, error: unknown): Promise<LabError> {
    const place = `cannot ${what} hdfs://${host}:${rpcPort}${path}`;
    const response = error instanceof AxiosError ? error.response : undefined;
    const message = response === undefined ? errorMessage(error) : await remoteMessage(response);
    // A page of another program, such as the NameNode's other port, says nothing about what is in HDFS.
    const isForeign = response?.status === 404 && message === noMessage(response);
    if (isForeign || /webhdfs is not enabled|not one of WebHDFS/.test(message)) {
      return new LabError(`${place}: what answers at ${nameNode} is not WebHDFS: ${remedy}`);
    }
    if (response?.status === 404 || /does not exist/.test(message)) {
      return new NotFoundError(`${place}: it does not exist`);
    }
    if (/safe ?mode/i.test(message)) {
      return new TransientError(
        place,
        `the NameNode is in safe mode, which ends when the DataNodes have reported; to end it now: ${dfsadmin} -safemode leave`,
      );
    }
    const quota = /quota.*? of(?: directory)? (\S+) is exceeded: ?(.*)/i.exec(message);
    if (quota !== null) {
      const [, folder, figures] = quota;
      const [which, option] = /NameSpace/i.test(message)
        ? ["quota of files and folders", "-clrQuota"]
        : ["space quota", "-clrSpaceQuota"];
      return new LabError(
        `${place}: the ${which} of ${folder} is used up (${figures}): lift it (${dfsadmin} ${option} ${folder}), or choose another --out`,
      );
    }
    if (/could only be written to 0|no datanodes?|datanode.*null/i.test(message)) {
      return new TransientError(place, `no DataNode is running: ${remedy}`);
    }
    const code = errorCode(error) ?? "";
    if (
      /ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|EHOSTUNREACH|aborted|hang up/.test(
        `${code} ${message}`,
      )
    ) {
      const url = error instanceof AxiosError ? error.config?.url : undefined;
      const isDataNode = url !== undefined && !url.startsWith(nameNode);
      const who = isDataNode ? `its DataNode ${new URL(url).host}` : `HDFS at ${nameNode}`;
      return new TransientError(place, `${who} is not running: ${remedy}`);
    }
    if (/startup mode|NameNode still not started/i.test(message)) {
      return new TransientError(place, "the NameNode is still starting");
    }
    if (DATANODE_TROUBLE.test(message)) {
      return new TransientError(place, `its DataNode has lost the NameNode: ${remedy}`);
    }
    if (/ECONNABORTED|ETIMEDOUT|ESOCKETTIMEDOUT|timeout/.test(`${code} ${message}`)) {
      return new TransientError(place, `no answer in time: ${remedy}`);
    }
    const look = local ? "; look at: npx tsx scripts/stack.ts status" : "";
    return new LabError(`${place}: ${message}${look}`);
  }

  /** When each reason to wait was last said: many operations meet the same one, again and again. */
  const notifiedMs = new Map<string, number>();
  function notifyOnce(reason: string): void {
    const last = notifiedMs.get(reason) ?? -Infinity;
    if (performance.now() - last < patienceMs) return;
    notifiedMs.set(reason, performance.now());
    const subject = reason.startsWith("HDFS") ? "" : "HDFS: ";
    notify(`${subject}${reason} (trying again for ${patienceMs / 1_000} s)`);
  }

  /** Runs one operation, whose failure names it; again, if the failure may pass and the operation can be repeated. */
  function attempt<T>(
    what: string,
    path: string,
    action: () => Promise<T>,
    once = false,
  ): Promise<T> {
    const explained = async () => {
      try {
        return await action();
      } catch (error) {
        throw error instanceof LabError ? error : await explain(what, path, error);
      }
    };
    return pRetry(explained, {
      retries: once ? 0 : Infinity,
      maxRetryTime: patienceMs,
      minTimeout: FIRST_RETRY_MS,
      maxTimeout: MAX_RETRY_MS,
      shouldRetry: ({ error }) => {
        if (!(error instanceof TransientError)) return false;
        notifyOnce(error.reason);
        return true;
      },
    });
  }

  /** One of the package's callbacks as a promise, which ends in any case. */
  function named<T>(call: (done: (error: Error | null | undefined, value: T) => void) => void) {
    return new Promise<T>((resolve, reject) => {
      const late = startTimer(METADATA_TIMEOUT_MS + 1_000, () => {
        reject(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" }));
      });
      call((error, value) => {
        late.cancel();
        if (error) reject(error);
        else resolve(value);
      });
    });
  }

  const operation = (path: string, op: string, parameters: Record<string, string> = {}) => {
    const query = new URLSearchParams({ op, "user.name": user, ...parameters });
    return `${nameNode}/webhdfs/v1${encoded(path)}?${query.toString()}`;
  };

  /** Asks the NameNode which DataNode to write to or to read from. */
  async function dataNodeFor(method: "PUT" | "GET", url: string): Promise<string> {
    const { data } = await axios.request<{ Location?: string }>({
      method,
      url: `${url}&noredirect=true`,
      timeout: METADATA_TIMEOUT_MS,
    });
    if (typeof data?.Location !== "string") throw new Error("the answer is not one of WebHDFS");
    return data.Location;
  }

  async function upload(path: string, content: Content): Promise<void> {
    const url = await dataNodeFor("PUT", operation(path, "CREATE", { overwrite: "true" }));
    let length = 0;
    async function* counted(pieces: AsyncIterable<Uint8Array | string>) {
      for await (const piece of pieces) {
        const bytes = Buffer.from(piece);
        length += bytes.length;
        yield bytes;
      }
    }
    let body: Buffer | Readable;
    if (isWhole(content)) {
      body = Buffer.from(content);
      length = body.length;
    } else body = Readable.from(counted(content));
    await axios.put(url, body, {
      headers: { "content-type": "application/octet-stream" },
      timeout: DATA_TIMEOUT_MS,
      maxBodyLength: Infinity,
      maxRedirects: 0, // otherwise a stream is first kept whole, to be sent again
    });
    const stored = await named<{ length: number }>((done) => names.stat(encoded(path), done));
    if (stored.length !== length) {
      throw new LabError(
        `cannot write hdfs://${host}:${rpcPort}${path}: ${length} bytes were sent, ${stored.length} are there`,
      );
    }
  }

  async function rename(from: string, to: string): Promise<void> {
    const url = operation(from, "RENAME", { destination: to, renameoptions: "OVERWRITE" });
    await axios.put(url, undefined, { timeout: METADATA_TIMEOUT_MS });
  }

  return {
    root: rootUrl,
    makeFolder: (path) =>
      attempt("make the folder", absolute(path), async () => {
        await named<void>((done) =>
          names.mkdir(encoded(absolute(path)), (e) => done(e, undefined)),
        );
        // The package takes the answer "false" for success: only a look tells.
        const { type } = await named<{ type: string }>((done) =>
          names.stat(encoded(absolute(path)), done),
        );
        if (type !== "DIRECTORY") throw new Error("a file of that name is in the way");
      }),
    write: (path, content) => {
      // The name begins with a dot, so that Spark and pyarrow pass over it; the rename is atomic.
      const whole = absolute(path);
      const slash = whole.lastIndexOf("/");
      const tempPath = `${whole.slice(0, slash)}/.${whole.slice(slash + 1)}.writing`;
      const action = async () => {
        await upload(tempPath, content);
        await rename(tempPath, whole);
      };
      return attempt("write", whole, action, !isRepeatable(content));
    },
    read: (path) =>
      attempt("read", absolute(path), async () => {
        const url = await dataNodeFor("GET", operation(absolute(path), "OPEN"));
        const { data, headers } = await axios.get<ArrayBuffer>(url, {
          responseType: "arraybuffer",
          timeout: DATA_TIMEOUT_MS,
        });
        const content = Buffer.from(data);
        const expected = Number(headers["content-length"] ?? content.length);
        if (content.length !== expected)
          throw new Error(`${content.length} of ${expected} bytes came`);
        return content;
      }),
    list: (path) =>
      attempt("list", absolute(path), async () => {
        try {
          const files = await named<{ pathSuffix: string }[]>((done) =>
            names.readdir(encoded(absolute(path)), done),
          );
          return files
            .map(({ pathSuffix }) => pathSuffix)
            .filter((name) => name !== "" && !name.startsWith("."))
            .sort();
        } catch (error) {
          const explained = await explain("list", absolute(path), error);
          if (explained instanceof NotFoundError) return [];
          throw explained;
        }
      }),
    remove: (path) =>
      attempt("remove", absolute(path), () =>
        named<void>((done) =>
          names.unlink(encoded(absolute(path)), true, (error) => done(error, undefined)),
        ),
      ),
  };
}
