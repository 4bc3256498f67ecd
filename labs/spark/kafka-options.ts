import type { KafkaAddress } from "../shared/kafka-address.js";
import type { SparkSession } from "./client.js";

/** A quoted value in a JAAS configuration. */
const quoted = (text: string) => `"${text.replace(/[\\"]/g, "\\$&")}"`;

/**
 * The options of Spark's Kafka source for a cluster: those of Kafka's Java consumer, each with the prefix `kafka.`.
 *
 * They travel to Spark as part of a query, and Spark's tasks need no file. Spark's checkpoint does not contain them, and Kafka's
 * clients hide the JAAS configuration, which has the password, when they log their settings. Spark's plans show it; see `hidePassword`.
 *
 * Source: https://spark.apache.org/docs/3.5.7/structured-streaming-kafka-integration.html
 */
export function connectionOptions({ brokers, tls, login }: KafkaAddress): Record<string, string> {
  const options: Record<string, string> = { "kafka.bootstrap.servers": brokers.join(",") };
  if (tls === undefined && login === undefined) return options;
  options["kafka.security.protocol"] =
    (login === undefined ? "" : "SASL_") + (tls === undefined ? "PLAINTEXT" : "SSL");
  if (tls?.authorities !== undefined) {
    options["kafka.ssl.truststore.type"] = "PEM";
    options["kafka.ssl.truststore.certificates"] = tls.authorities;
  }
  if (login !== undefined) {
    const { mechanism, username, password } = login;
    const module = mechanism === "PLAIN" ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
    options["kafka.sasl.mechanism"] = mechanism;
    options["kafka.sasl.jaas.config"] =
      `org.apache.kafka.common.security.${module} required username=${quoted(username)} password=${quoted(password)};`;
  }
  return options;
}

/**
 * Makes Spark mask the password, and what follows it on its line, in the descriptions of this session's requests and plans, which
 * its web UI shows. By default it masks only options whose names contain url, secret, password or token.
 */
export async function hidePassword(session: SparkSession): Promise<void> {
  await session.sql("SET spark.sql.redaction.string.regex=password=.*");
}
