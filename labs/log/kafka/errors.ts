import type { KafkaAddress } from "../../shared/kafka-address.js";
import { TOPIC } from "../log.js";
import { LabError, errorCode, errorMessage } from "../../shared/errors.js";

/** An operation of Kafka's access control lists, as kafka-acls names it. */
export type Right = "Create" | "Delete" | "Describe" | "Read" | "Write";

/** What a request needs: a right, and the topic that it is for. */
export interface NeededRight {
  right: Right;
  topic: string;
}

/** An error and its causes, outermost first. */
function causes(error: unknown): Error[] {
  return error instanceof Error ? [error, ...causes(error.cause), ...parts(error)] : [];
}

/** What an error of several topics is made of. */
const parts = (error: Error): Error[] =>
  "errors" in error && Array.isArray(error.errors) ? error.errors.flatMap(causes) : [];

/** Whether an error or one of its causes is a protocol error or a kafkajs class of that name. */
export const isKafkaError = (error: unknown, name: string | RegExp): boolean =>
  causes(error).some((cause) =>
    [cause.name, "type" in cause ? String(cause.type) : ""].some((found) =>
      typeof name === "string" ? found === name : name.test(found),
    ),
  );

/** Node's and OpenSSL's codes of a certificate that is not accepted. */
const CERTIFICATE = /CERT|ALTNAME|ISSUER|LEAF_SIGNATURE/;
const LOGIN = /^(KafkaJSSASLAuthenticationError|UNSUPPORTED_SASL_MECHANISM)$/;
const RIGHTS = /_AUTHORIZATION_FAILED$/;

const isCertificate = (error: unknown): boolean =>
  causes(error).some((cause) => CERTIFICATE.test(errorCode(cause) ?? ""));

/** Whether the brokers refuse this client as it is set up, or it refuses them: it would be of no use to try again. */
export const isRefused = (error: unknown): boolean =>
  isKafkaError(error, LOGIN) || isKafkaError(error, RIGHTS) || isCertificate(error);

/**
 * Says why a request to Kafka failed and what to do next. Returns an error of the lab unchanged.
 *
 * @param needed the right that the request needs
 */
export function kafkaError(
  address: KafkaAddress,
  error: unknown,
  needed: NeededRight = { right: "Describe", topic: "" },
): LabError {
  if (error instanceof LabError) return error;
  const place = `Kafka at ${address.brokers.join(",")}`;
  if (isKafkaError(error, RIGHTS)) return missingRight(place, address, needed);
  const message = errorMessage(causes(error).at(-1) ?? error);
  if (isKafkaError(error, LOGIN)) {
    return new LabError(
      `${place} refuses the user ${address.login?.username} (${message}): check KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_SASL_MECHANISM`,
    );
  }
  if (isCertificate(error)) {
    return new LabError(
      `the certificate of ${place} is not accepted (${message}): check KAFKA_BROKERS, and for an authority of your own set KAFKA_CA_FILE`,
    );
  }
  return new LabError(
    `Kafka does not answer at ${address.brokers.join(",")} (${message}): ${remedy(address, message)}`,
  );
}

/** What to try if the brokers do not answer. */
function remedy({ brokers, tls, login }: KafkaAddress, message: string): string {
  if (/before secure TLS|wrong version number/.test(message)) {
    return "if it has no TLS at this port, set KAFKA_SSL=false";
  }
  const isLocal = brokers.every((broker) => /^(127\.|localhost)/.test(broker));
  const usual = isLocal
    ? "npx tsx scripts/stack.ts up kafka, or check KAFKA_BROKERS if it is set"
    : "check KAFKA_BROKERS";
  if (!/Closed connection/.test(message) || (tls !== undefined && login !== undefined))
    return usual;
  const secured = [
    ...(tls === undefined ? ["TLS, set KAFKA_SSL=true"] : []),
    ...(login === undefined ? ["a password, set KAFKA_SASL_MECHANISM"] : []),
  ];
  return `if it asks for ${secured.join("; if for ")}; otherwise ${usual}`;
}

const VERBS: Record<Right, string> = {
  Create: "create",
  Delete: "delete",
  Describe: "describe",
  Read: "read",
  Write: "write to",
};

function missingRight(
  place: string,
  { login }: KafkaAddress,
  { right, topic }: NeededRight,
): LabError {
  if (login === undefined) {
    return new LabError(
      `a client without a user may not ${VERBS[right]} the topic ${topic} on ${place}: set KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_SASL_MECHANISM (for the lab's own Kafka: source .lab/stack/secure/lab.env)`,
    );
  }
  // Each output has a topic of its own, so a right to one of them is not enough.
  const which = topic.startsWith(TOPIC)
    ? `--resource-pattern-type prefixed --topic ${TOPIC}`
    : `--topic ${topic}`;
  return new LabError(
    `the user ${login.username} may not ${VERBS[right]} the topic ${topic} on ${place}: ask for the right (kafka-acls --add --allow-principal 'User:${login.username}' --operation ${right} ${which})`,
  );
}
