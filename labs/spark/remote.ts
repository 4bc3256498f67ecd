import { shownAddress } from "../shared/address.js";
import { UsageError } from "../shared/errors.js";

const DEFAULT_PORT = 15_002;

/** Where a Spark Connect server is, and how to reach it. */
export interface SparkRemote {
  /** `host:port` */
  address: string;
  /** Whether the connection is encrypted by TLS. */
  useSsl: boolean;
  /** A secret that is sent with every request. */
  token?: string;
  /** The user that Spark is told; that of this process by default. */
  userId?: string;
}

/**
 * Parses a connection string of Spark Connect: `sc://host[:port][/;name=value…]` (Spark's documentation, "Spark Connect client
 * connection string"). Of its parameters, `use_ssl`, `token` (which implies TLS) and `user_id` are supported. Special characters in
 * values are percent-encoded.
 *
 * @throws UsageError if the text is not such a string; it does not show the parameters
 */
export function parseRemote(remote: string): SparkRemote {
  const match = /^sc:\/\/([^/:;@]+|\[[^\]]+\])(?::(\d+))?\/?(;.*)?$/.exec(remote);
  const invalid = (what: string) =>
    new UsageError(
      `${shownAddress(remote)} is not a Spark Connect address: expected sc://host:port, or sc://host:port/;use_ssl=true;token=…${what}`,
    );
  if (match === null) throw invalid("");
  const [, host, port = DEFAULT_PORT, text = ""] = match;
  const parameters = new Map<string, string>();
  for (const part of text.split(";").filter((each) => each !== "")) {
    const [, name, value] = /^([a-z_]+)=(.+)$/.exec(part) ?? [];
    if (name === undefined || value === undefined) throw invalid("; a parameter is not name=value");
    if (!["use_ssl", "token", "user_id"].includes(name)) {
      throw invalid(`; the parameter ${name} is not supported`);
    }
    try {
      parameters.set(name, decodeURIComponent(value));
    } catch {
      throw invalid(`; write % in ${name} as %25`);
    }
  }
  const useSsl = parameters.get("use_ssl") ?? String(parameters.has("token"));
  if (useSsl !== "true" && useSsl !== "false") throw invalid("; use_ssl is true or false");
  if (useSsl === "false" && parameters.has("token")) {
    throw invalid("; without TLS the token could be read by others");
  }
  return {
    address: `${host}:${port}`,
    useSsl: useSsl === "true",
    token: parameters.get("token"),
    userId: parameters.get("user_id"),
  };
}
