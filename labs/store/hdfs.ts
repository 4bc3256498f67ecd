/// <reference path="./webhdfs.d.ts" />
import { userInfo } from "node:os";
import { Readable } from "node:stream";
import axios, { AxiosError, type AxiosResponse } from "axios";
import pRetry from "p-retry";
import { createClient } from "webhdfs";
import { shownAddress } from "../shared/address.js";
import { LabError, NotFoundError, UsageError, errorCode, errorMessage } from "../shared/errors.js";
import { parseJson } from "../shared/json.js";
import { tlsFailure } from "../shared/tls.js";
import { startTimer } from "../shared/wait.js";
import type { Notify } from "../shared/notify.js";
import type { Content, Store } from "./store.js";

const METADATA_TIMEOUT_MS = 15_000;
const DATA_TIMEOUT_MS = 60_000;
/** Errors that a DataNode returns when it cannot reach the NameNode, or a client when it cannot use a DataNode. */
const DATANODE_TROUBLE =
  /DestHost|destination host|Call From|EOFException|ConnectException|Connection re|Broken pipe|ClosedChannel|still not started|number of replicas|Could not obtain block|Could not get block locations|are bad/i;
/** How long HDFS may be unavailable before an operation fails; the same as for Kafka. */
const PATIENCE_MS = 60_000;
const FIRST_RETRY_MS = 400;
const MAX_RETRY_MS = 2_000;

/** Requests to HDFS. They ignore HTTP_PROXY: a proxy to the internet cannot reach a loopback address or a cluster's hosts. */
const hdfsHttp = axios.create({ proxy: false });

/** The addresses of a NameNode. */
export interface NameNode {
  host: string;
  /** The port for programs such as Spark, as in `hdfs://host:port`. */
  rpcPort: number;
  /** The port of WebHDFS, its HTTP interface. */
  httpPort: number;
  /** The host of WebHDFS, if it is another one, such as a gateway. */
  httpHost?: string;
  /** Whether WebHDFS speaks HTTPS. */
  isHttps?: boolean;
}

/** A folder on HDFS, with the addresses of its NameNode. */
export interface HdfsLocation extends NameNode {
  /** Absolute, without a trailing slash; empty for the root. */
  path: string;
}

const DEFAULT_RPC_PORT = 8_020;
const DEFAULT_HTTP_PORT = 9_870;
const DEFAULT_HTTPS_PORT = 9_871;
const MAX_PORT = 65_535;
/** Matches `host` and `host:port`; an IPv6 address is in brackets. */
const ADDRESS = String.raw`([^\s/:@?#[\]]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?`;
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

function isSameHost(one: string, other: string): boolean {
  return one === other || (LOOPBACK.test(one) && LOOPBACK.test(other));
}

/**
 * Parses `hdfs://host:port/path`, the address of a NameNode and a path. Assumes WebHDFS at its default port unless the
 * NameNode is `known`. `hdfs:///path` is a path on `known`.
 *
 * @throws UsageError if the text is not such a URL
 */
export function parseHdfsUrl(text: string, known: NameNode): HdfsLocation {
  if (text.startsWith("webhdfs:")) {
    throw new UsageError(
      `${shownAddress(text)} is a WebHDFS address: expected the NameNode's, hdfs://host:port; if WebHDFS is not at port ${DEFAULT_HTTP_PORT} of the NameNode, set HDFS_URL=hdfs://host:port and WEBHDFS_URL=http://host:port (or https://)`,
    );
  }
  const match = new RegExp(`^hdfs://(?:${ADDRESS})?(/[^?#]*)?$`).exec(text);
  const rpcPort = Number(match?.[2] ?? DEFAULT_RPC_PORT);
  if (match === null || rpcPort < 1 || rpcPort > MAX_PORT) {
    throw new UsageError(
      `${shownAddress(text)} is not an HDFS URL: expected hdfs://host:port/path, or hdfs:///path for the lab's own`,
    );
  }
  const host = match[1]?.toLowerCase();
  const path = (match[3] ?? "").replace(/\/+/g, "/").replace(/\/$/, "");
  if (path.split("/").some((part) => part === "." || part === "..")) {
    throw new UsageError(`${text}: a path on HDFS must not contain . or ..`);
  }
  if (host === undefined) return { ...known, path };
  const isKnown = isSameHost(host, known.host) && rpcPort === known.rpcPort;
  return { ...(isKnown ? known : { host, rpcPort, httpPort: DEFAULT_HTTP_PORT }), path };
}

/**
 * The NameNode that HDFS_URL and WEBHDFS_URL name.
 *
 * @param own the lab's own NameNode, whose HTTP port is known
 * @returns undefined if neither is set
 * @throws UsageError if one of them is invalid
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
      `HDFS_URL must be hdfs://host:port, not ${hdfsUrl}; give the path in --out`,
    );
  }
  if (webhdfsUrl === undefined) return nameNode;
  const match = new RegExp(`^(https?)://${ADDRESS}/?$`, "i").exec(webhdfsUrl);
  const isHttps = match?.[1]!.toLowerCase() === "https";
  const httpPort = Number(match?.[3] ?? (isHttps ? DEFAULT_HTTPS_PORT : DEFAULT_HTTP_PORT));
  if (match === null || httpPort < 1 || httpPort > MAX_PORT) {
    throw new UsageError(
      `WEBHDFS_URL must be http://host:port or https://host:port, usually at port ${DEFAULT_HTTP_PORT} or ${DEFAULT_HTTPS_PORT}, without a path or a user; set the user in HADOOP_USER_NAME`,
    );
  }
  const httpHost = match[2]!.toLowerCase();
  const { host, rpcPort } = nameNode;
  return {
    ...{ host, rpcPort, httpPort },
    ...(httpHost === host ? {} : { httpHost }),
    ...(isHttps ? { isHttps } : {}),
  };
}

/** The body of an error response of WebHDFS (REST API, "Error Responses"). */
interface RemoteException {
  RemoteException?: { exception?: string; message?: string };
}

/** The error message in a response, whose body may be JSON, a stream or an HTML page. */
async function remoteMessage(response: AxiosResponse<unknown>): Promise<string> {
  let { data } = response;
  if (data instanceof Readable) data = Buffer.concat(await data.toArray()).toString();
  // It is not JSON if, for example, it is the page of a proxy.
  if (typeof data === "string" || Buffer.isBuffer(data)) data = parseJson(data.toString());
  const { exception, message } = (data as RemoteException | undefined)?.RemoteException ?? {};
  const [firstLine] = (message ?? "").split("\n");
  return firstLine || exception || noMessage(response);
}

const noMessage = ({ status }: AxiosResponse<unknown>) => `HTTP status ${status}`;

const isWhole = (content: Content): content is string | Uint8Array =>
  typeof content === "string" || content instanceof Uint8Array;

/** Whether content can be read again for a retry: a stream or a generator can be read only once. */
const isRepeatable = (content: Content): boolean =>
  isWhole(content) ||
  !(content instanceof Readable || Object.is(content[Symbol.asyncIterator](), content));

export interface HdfsOptions {
  /** The user in whose name HDFS acts; by default that of the operating system. */
  user?: string;
  /** Called when an operation fails and is retried. */
  notify?: Notify;
  /** How long HDFS may be unavailable before an operation fails. */
  patienceMs?: number;
}

/** A failure that may pass, such as a service that is starting. */
class TransientError extends LabError {
  constructor(
    place: string,
    readonly reason: string,
  ) {
    super(`${place}: ${reason}`);
  }
}

/**
 * A store on HDFS, through WebHDFS (REST API of Hadoop 3.3). The package webhdfs handles metadata. Content is read and
 * written with axios: the package returns the page of a 503 as content, and cannot rename over an existing file.
 *
 * To read or write, a client asks the NameNode, which names a DataNode. Operations are retried while a service is briefly
 * unavailable: it restarts, or the NameNode is in safe mode.
 *
 * A gateway (HttpFS) takes the place of both. It cannot replace a file atomically: the file is missing for a moment, and after a crash
 * at that moment until the batch runs again.
 *
 * Durability: when CREATE is answered, the file is closed, and all DataNodes that hold a copy have received it (`hflush`).
 * WebHDFS cannot request that they have synced it to disk (`hsync`); a DataNode does so on close if
 * `dfs.datanode.synconclose` is set. A file therefore survives the death of any process and, with copies on other machines,
 * the loss of one of them. On the lab's single DataNode, a power cut may lose the last seconds. The NameNode syncs names and
 * renames before it answers.
 *
 * @param local whether this is the lab's own HDFS, which the user can start
 * @throws LabError (from each operation) naming the operation and the path
 */
export function hdfsStore(
  location: HdfsLocation,
  local: boolean,
  { user = userInfo().username, notify = () => {}, patienceMs = PATIENCE_MS }: HdfsOptions = {},
): Store {
  const { host, httpPort, rpcPort, httpHost = host, isHttps = false, path: root } = location;
  const protocol = isHttps ? "https" : "http";
  const nameNode = `${protocol}://${httpHost}:${httpPort}`;
  const rootUrl = `hdfs://${host}:${rpcPort}${root}`;
  const names = createClient(
    { protocol, host: httpHost, port: httpPort, path: "/webhdfs/v1", user },
    { timeout: METADATA_TIMEOUT_MS, proxy: null }, // no proxy, as for hdfsHttp
  );
  const absolute = (path: string) => `${root}/${path}`.replace(/\/$/, "") || "/";
  // Encodes each part of the path: a name may contain %, + or ?.
  const encoded = (path: string) => path.split("/").map(encodeURIComponent).join("/");
  const remedy = local
    ? "npx tsx scripts/stack.ts up hdfs"
    : "check HDFS_URL or --out, and set WEBHDFS_URL if WebHDFS is at another address";
  const dfsadmin = `${local ? "setup/bin/" : ""}hdfs dfsadmin`;

  /** Names the server that an error is about. */
  function serverOf(error: unknown): string {
    const url = error instanceof AxiosError ? error.config?.url : undefined;
    const isDataNode = url !== undefined && !url.startsWith(nameNode);
    return isDataNode ? `its DataNode ${new URL(url).host}` : `HDFS at ${nameNode}`;
  }

  async function explain(what: string, path: string, error: unknown): Promise<LabError> {
    const place = `cannot ${what} hdfs://${host}:${rpcPort}${path}`;
    const response = error instanceof AxiosError ? error.response : undefined;
    const message = response === undefined ? errorMessage(error) : await remoteMessage(response);
    const setting = local ? "WEBHDFS_URL, if it is set" : "WEBHDFS_URL";
    const failure = tlsFailure(error, setting);
    if (failure !== undefined) return new LabError(`${place}: ${serverOf(error)}: ${failure}`);
    const denied =
      /Permission denied: user=(.*?), access=(\w+), inode="(.*?)":(.*?):(.*?):(\S+)/.exec(message);
    if (denied !== null) {
      const [, name, access, inode, owner, group, mode] = denied;
      return new LabError(
        `${place}: the user ${name} has no ${access} permission for ${inode} (${mode}, owner ${owner}, group ${group}): ask for it, set HADOOP_USER_NAME to another user, or choose another --out`,
      );
    }
    // The package says "Unknown error" if the answer is not WebHDFS's, such as a page that asks for a login.
    if (response?.status === 401 || message === "Unknown error") {
      return new LabError(
        `${place}: ${serverOf(error)} refuses without a reason; if it asks for a login (Kerberos, Apache Knox): that is not supported`,
      );
    }
    // A 404 without a WebHDFS message comes from another program or port and does not mean that a file is missing.
    const isForeign = response?.status === 404 && message === noMessage(response);
    if (isForeign || /webhdfs is not enabled|is not WebHDFS's/.test(message)) {
      return new LabError(`${place}: the server at ${nameNode} is not WebHDFS: ${remedy}`);
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
        `${place}: the ${which} of ${folder} is used up (${figures}): clear it (${dfsadmin} ${option} ${folder}), or choose another --out`,
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
      return new TransientError(place, `${serverOf(error)} is not running: ${remedy}`);
    }
    if (/startup mode|NameNode still not started/i.test(message)) {
      return new TransientError(place, "the NameNode is still starting");
    }
    if (DATANODE_TROUBLE.test(message)) {
      return new TransientError(place, `the DataNode cannot reach the NameNode: ${remedy}`);
    }
    if (/ECONNABORTED|ETIMEDOUT|ESOCKETTIMEDOUT|timeout/.test(`${code} ${message}`)) {
      return new TransientError(place, `no answer in time: ${remedy}`);
    }
    const look = local ? "; check: npx tsx scripts/stack.ts status" : "";
    return new LabError(`${place}: ${message}${look}`);
  }

  /** When each reason was last announced: many operations fail repeatedly for the same reason. */
  const notifiedMs = new Map<string, number>();
  function notifyOnce(reason: string): void {
    const last = notifiedMs.get(reason) ?? -Infinity;
    if (performance.now() - last < patienceMs) return;
    notifiedMs.set(reason, performance.now());
    const subject = reason.startsWith("HDFS") ? "" : "HDFS: ";
    notify(`${subject}${reason} (trying again for ${patienceMs / 1_000} s)`);
  }

  /** Runs an operation and retries it after a transient error, unless `once`. Errors name the operation and the path. */
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

  /** Converts a call of the package to a promise, with a timeout: some calls never call back. */
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

  /** Asks for the place of a file's content. The NameNode would redirect; `noredirect` makes it answer with the URL of a DataNode. */
  function ask(method: "PUT" | "GET", url: string): Promise<AxiosResponse<ArrayBuffer>> {
    return hdfsHttp.request<ArrayBuffer>({
      method,
      url: `${url}&noredirect=true`,
      responseType: "arraybuffer",
      timeout: METADATA_TIMEOUT_MS,
      maxRedirects: 0,
      validateStatus: (status) => (status >= 200 && status < 300) || status === 307,
    });
  }

  /** The URL in an answer. A gateway names itself, with `data=true`; before Hadoop 3.3 it redirects all the same. */
  function placeIn({ headers, data }: AxiosResponse<ArrayBuffer>): string {
    const answer = parseJson(Buffer.from(data).toString()) as { Location?: unknown } | undefined;
    const place: unknown = answer?.Location ?? headers["location"];
    if (typeof place !== "string") throw new Error("the answer is not WebHDFS's");
    return place;
  }

  /** Whether an answer is the file itself, as that of a gateway before Hadoop 3.3. */
  const isContent = ({ headers }: AxiosResponse): boolean =>
    String(headers["content-type"]).startsWith("application/octet-stream");

  async function upload(path: string, content: Content): Promise<void> {
    const answer = await ask("PUT", operation(path, "CREATE", { overwrite: "true" }));
    const url = placeIn(answer);
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
    await hdfsHttp.put(url, body, {
      headers: { "content-type": "application/octet-stream" },
      timeout: DATA_TIMEOUT_MS,
      maxBodyLength: Infinity,
      maxRedirects: 0, // otherwise a stream is buffered completely, to be sent again
    });
    const stored = await named<{ length: number }>((done) => names.stat(encoded(path), done));
    if (stored.length !== length) {
      throw new LabError(
        `cannot write hdfs://${host}:${rpcPort}${path}: sent ${length} bytes, but ${stored.length} were stored; run the same command again`,
      );
    }
  }

  async function rename(from: string, to: string): Promise<void> {
    const url = operation(from, "RENAME", { destination: to, renameoptions: "OVERWRITE" });
    /** The NameNode answers nothing. HttpFS ignores the option, and answers false if the destination exists. */
    const isRefused = async () => {
      const options = { timeout: METADATA_TIMEOUT_MS };
      const { data } = await hdfsHttp.put<{ boolean?: boolean } | "">(url, undefined, options);
      return data !== "" && data.boolean === false;
    };
    if (!(await isRefused())) return;
    await named<void>((done) =>
      names.unlink(encoded(to), false, (error) => done(error, undefined)),
    );
    if (await isRefused()) throw new Error("HDFS has not renamed the temporary file");
  }

  return {
    root: rootUrl,
    makeFolder: (path) =>
      attempt("create the folder", absolute(path), async () => {
        await named<void>((done) =>
          names.mkdir(encoded(absolute(path)), (e) => done(e, undefined)),
        );
        // The package treats the answer "false" as success, so check the result.
        const { type } = await named<{ type: string }>((done) =>
          names.stat(encoded(absolute(path)), done),
        );
        if (type !== "DIRECTORY") throw new Error("a file of that name exists");
      }),
    write: (path, content) => {
      // Spark and pyarrow ignore names that begin with a dot; the rename is atomic.
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
        const answer = await ask("GET", operation(absolute(path), "OPEN"));
        const { data, headers } = isContent(answer)
          ? answer
          : await hdfsHttp.get<ArrayBuffer>(placeIn(answer), {
              responseType: "arraybuffer",
              timeout: DATA_TIMEOUT_MS,
            });
        const content = Buffer.from(data);
        const expected = Number(headers["content-length"] ?? content.length);
        if (content.length !== expected)
          throw new Error(`received only ${content.length} of ${expected} bytes`);
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
