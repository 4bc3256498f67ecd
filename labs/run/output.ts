import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ownAddresses, type Config } from "../shared/config.js";
import { shownAddress } from "../shared/address.js";
import { UsageError } from "../shared/errors.js";
import type { Notify } from "../shared/notify.js";
import { localStore } from "../store/local.js";
import type { Store } from "../store/store.js";
import type { Options } from "./options.js";

/** How long to wait for HDFS when a run starts. */
const REACH_PATIENCE_MS = 3_000;
const DEFAULT_OUT = ".lab/out";
const STACK_OUT = "hdfs:///lab/out";

/** Where the products go, and a local folder reserved for them. */
export interface Output {
  store: Store;
  /** The store's root as a URL that Spark can write to. */
  sparkRoot: string;
  folder: string;
  /** Whether the store is on the lab's own HDFS. */
  isLocalStack: boolean;
  /** Fails quickly if the store does not answer. Only a run that has already started waits out an outage. */
  reach(): Promise<unknown>;
}

/** Opens the output of a run: a folder, or a path on HDFS. */
export async function openOutput(
  options: Options,
  config: Config,
  root: string,
  notify: Notify,
): Promise<Output> {
  const out = options.out ?? (options.stack ? STACK_OUT : resolve(root, DEFAULT_OUT));
  if (!/^(web)?hdfs:/.test(out)) {
    if (/^[a-z][\w+.-]*:\/\//i.test(out)) {
      throw new UsageError(
        `--out must be a folder or hdfs://host:port/path, not ${shownAddress(out)}; what works with an object store is in setup/cloud.md`,
        false,
      );
    }
    const folder = resolve(out);
    const sparkRoot = pathToFileURL(folder).href;
    const store = localStore(folder, { sync: options.fsync });
    return { store, sparkRoot, folder, isLocalStack: false, reach: () => Promise.resolve() };
  }
  // Imported on demand: its packages would slow down the start of every other run.
  const { hdfsStore, parseHdfsUrl, parseNameNode } = await import("../store/hdfs.js");
  const { hdfs: own } = ownAddresses(config.stack);
  const named = parseNameNode(config.hdfsUrl, config.webhdfsUrl, own);
  const location = parseHdfsUrl(out, named ?? own);
  const isLocalStack =
    named === undefined && location.host === own.host && location.rpcPort === own.rpcPort;
  const user = config.hdfsUser;
  const store = hdfsStore(location, isLocalStack, { user, notify });
  return {
    store,
    sparkRoot: store.root,
    folder: join(root, ".lab/runs", nameOf(store)),
    isLocalStack,
    reach: () =>
      hdfsStore(location, isLocalStack, { user, patienceMs: REACH_PATIENCE_MS }).list(""),
  };
}

/** A short identifier of an output, the same in every run. */
export const nameOf = (store: Store): string =>
  createHash("sha256").update(store.root).digest("hex").slice(0, 8);
