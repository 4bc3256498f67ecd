import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { UsageError, errorMessage } from "./errors.js";

/** How to reach a Kafka cluster. */
export interface KafkaAddress {
  /** `host:port` of some of its brokers. */
  brokers: readonly string[];
  /** Undefined: connections are not encrypted. */
  tls?: {
    /** The certificates of the authorities to trust, in PEM; undefined: those that Node or Java trusts. */
    authorities?: string;
  };
  /** Undefined: the brokers ask for no password. */
  login?: KafkaLogin;
}

export interface KafkaLogin {
  mechanism: (typeof MECHANISMS)[number];
  username: string;
  /** A secret. */
  password: string;
}

/** The mechanisms of SASL that transmit a user and a password, as Kafka names them. */
const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;

/** Parses `host:port,host:port`, with optional spaces. */
function parseBrokers(text: string): string[] {
  const list = text.split(",").map((broker) => broker.trim());
  const named = list.filter((broker) => broker !== "");
  for (const [index, broker] of named.entries()) {
    // kafkajs does not support IPv6 addresses.
    if (!/^[^\s:/@[\]]+:\d{1,5}$/.test(broker)) {
      throw new UsageError(
        `KAFKA_BROKERS must be host:port,host:port; entry ${index + 1} is not host:port`,
      );
    }
  }
  return named;
}

function readAuthorities(path: string): string {
  try {
    const text = readFileSync(path, "utf8");
    const certificates = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g);
    if (certificates === null) throw new Error("found no -----BEGIN CERTIFICATE----- in it");
    for (const certificate of certificates) new X509Certificate(certificate);
    // Without what else the file has: perhaps a private key, and comments, which Java does not accept.
    return certificates.join("\n");
  } catch (error) {
    throw new UsageError(
      `KAFKA_CA_FILE must be a file of certificates in PEM; ${path}: ${errorMessage(error)}`,
    );
  }
}

function readTls(ssl: string, caFile: string): KafkaAddress["tls"] {
  if (!["", "true", "false"].includes(ssl)) {
    throw new UsageError(`KAFKA_SSL must be true or false, not ${ssl}`);
  }
  if (ssl === "true") return caFile === "" ? {} : { authorities: readAuthorities(caFile) };
  if (caFile === "") return undefined;
  throw new UsageError("KAFKA_CA_FILE is for encrypted connections: set KAFKA_SSL=true too");
}

function readLogin(mechanism: string, username: string, password: string): KafkaLogin | undefined {
  if (mechanism === "" && username === "" && password === "") return undefined;
  const known = MECHANISMS.find((each) => each === mechanism.toUpperCase());
  if (known === undefined) {
    throw new UsageError(
      `KAFKA_SASL_MECHANISM must be one of ${MECHANISMS.join(", ")}, not ${mechanism || "empty, if KAFKA_USERNAME or KAFKA_PASSWORD is set"}`,
    );
  }
  if (username === "" || password === "") {
    throw new UsageError(
      `KAFKA_SASL_MECHANISM=${known} needs KAFKA_USERNAME and KAFKA_PASSWORD: ${username === "" ? "KAFKA_USERNAME" : "KAFKA_PASSWORD"} is not set`,
    );
  }
  if (/[\r\n]/.test(username + password)) {
    throw new UsageError("KAFKA_USERNAME and KAFKA_PASSWORD must be one line each");
  }
  return { mechanism: known, username, password };
}

/**
 * Reads the address of an existing Kafka cluster from KAFKA_BROKERS, KAFKA_SSL, KAFKA_CA_FILE, KAFKA_SASL_MECHANISM, KAFKA_USERNAME
 * and KAFKA_PASSWORD.
 *
 * @returns undefined if KAFKA_BROKERS names no broker
 * @throws UsageError if a variable is invalid, or is set without another that it needs; it never shows the password
 */
export function readKafkaAddress(environment: NodeJS.ProcessEnv): KafkaAddress | undefined {
  const variable = (name: string) => environment[name]?.trim() ?? "";
  const brokers = parseBrokers(variable("KAFKA_BROKERS"));
  const tls = readTls(variable("KAFKA_SSL").toLowerCase(), variable("KAFKA_CA_FILE"));
  const login = readLogin(
    variable("KAFKA_SASL_MECHANISM"),
    variable("KAFKA_USERNAME"),
    environment["KAFKA_PASSWORD"] ?? "", // may begin or end with a space
  );
  if (brokers.length === 0) {
    if (tls === undefined && login === undefined) return undefined;
    throw new UsageError(
      "KAFKA_SSL and KAFKA_SASL_MECHANISM are for the cluster that KAFKA_BROKERS names: set KAFKA_BROKERS=host:port too",
    );
  }
  if (login?.mechanism === "PLAIN" && tls === undefined) {
    throw new UsageError(
      "KAFKA_SASL_MECHANISM=PLAIN sends the password as it is: set KAFKA_SSL=true too",
    );
  }
  return { brokers, ...(tls && { tls }), ...(login && { login }) };
}
