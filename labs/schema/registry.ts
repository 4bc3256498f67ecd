import axios, { type AxiosResponse } from "axios";
import pRetry from "p-retry";
import { shownAddress } from "../shared/address.js";
import { LabError, NotFoundError, errorMessage } from "../shared/errors.js";
import type { Notify } from "../shared/notify.js";

/** How long the registry may be unavailable before an operation fails; the same as for Kafka and HDFS. */
const PATIENCE_MS = 60_000;
const TIMEOUT_MS = 10_000;
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 2_000;
const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

/** What a new version of a schema must be compatible with ("Schema Evolution and Compatibility" in Confluent's documentation). */
export const COMPATIBILITIES = [
  "BACKWARD",
  "BACKWARD_TRANSITIVE",
  "FORWARD",
  "FORWARD_TRANSITIVE",
  "FULL",
  "FULL_TRANSITIVE",
  "NONE",
] as const;
export type Compatibility = (typeof COMPATIBILITIES)[number];

/** A schema as the registry stores it: a text in JSON. */
export interface StoredSchema {
  type: "AVRO" | "JSON";
  text: string;
}

/** The registry refused a schema, because it is not compatible with earlier versions. */
export class IncompatibleError extends LabError {
  override name = "IncompatibleError";
}

/**
 * A client of a schema registry that speaks the protocol of Confluent's (API version 1; Apicurio's path for it is
 * `/apis/ccompat/v7`). Operations are retried while the registry is briefly unavailable.
 */
export interface SchemaRegistry {
  /**
   * Registers a version of a subject's schema. The same schema again gets the same id.
   *
   * @param subject the name under which a schema evolves; by convention `TOPIC-value`
   * @returns the id of the schema
   * @throws IncompatibleError if earlier versions forbid it
   */
  register(subject: string, schema: StoredSchema): Promise<number>;
  /** The schema of an id. Ids never change their schema, so it is asked for only once. @throws NotFoundError if there is none */
  schema(id: number): Promise<StoredSchema>;
  /** The numbers of a subject's versions, ascending. @throws NotFoundError if there is no such subject */
  versions(subject: string): Promise<number[]>;
  /**
   * Whether a schema is compatible with the earlier versions of a subject; it registers nothing. Confluent's registry compares with
   * those that the subject's compatibility names, as `register` does; Apicurio with all, unless the compatibility is `NONE`.
   */
  isCompatible(subject: string, schema: StoredSchema): Promise<boolean>;
  /** Sets what new versions of a subject must be compatible with. */
  setCompatibility(subject: string, compatibility: Compatibility): Promise<void>;
  /** Deletes a subject with all its versions. Their ids stay readable, and its next version gets the next number. @throws NotFoundError if there is no such subject */
  deleteSubject(subject: string): Promise<void>;
}

export interface RegistryOptions {
  /** Called when an operation fails and is retried. */
  notify?: Notify;
  /** How long the registry may be unavailable before an operation fails. */
  patienceMs?: number;
  /** What the user can do if it is unavailable. */
  remedy?: string;
}

/** The registry did not answer, or answered with an error that may pass. */
class UnavailableError extends LabError {}

/** @param url the address of the API; a user and a password in it are sent as basic authentication, and never shown */
export function openRegistry(
  url: string,
  { notify = () => {}, patienceMs = PATIENCE_MS, remedy = "start it" }: RegistryOptions = {},
): SchemaRegistry {
  const { username, password } = new URL(url);
  const address = shownAddress(url);
  const http = axios.create({
    baseURL: url.replace(/\/\/[^/@]*@/, "//").replace(/\/$/, ""),
    timeout: TIMEOUT_MS,
    proxy: false, // a proxy to the internet cannot reach a loopback address or a cluster's hosts
    headers: { "Content-Type": CONTENT_TYPE, Accept: CONTENT_TYPE },
    ...(username === ""
      ? {}
      : {
          auth: { username: decodeURIComponent(username), password: decodeURIComponent(password) },
        }),
    validateStatus: () => true,
  });
  const schemas = new Map<number, Promise<StoredSchema>>();

  /** Sends a request, and again while the registry is unavailable. @throws LabError for every answer but 200 */
  async function request<T>(what: string, send: () => Promise<AxiosResponse<T>>): Promise<T> {
    let isNotified = false;
    async function attempt(): Promise<T> {
      const response = await send().catch((error: unknown) => {
        throw new UnavailableError(`${what}: the registry at ${address}: ${errorMessage(error)}`);
      });
      const { status, data } = response;
      if (status === 200 && typeof data === "object") return data;
      const { message, error_code: code } = (data ?? {}) as {
        message?: string;
        error_code?: number;
      };
      const reason = `${what}: the registry at ${address} answered ${status}${message === undefined ? "" : `: ${message}`}`;
      // Without the registry's own code it is the answer of another server: nothing is known about the schema.
      if (status === 404 && code !== undefined) throw new NotFoundError(reason);
      // Apicurio's answer if two programs register at the same moment; the next request finds what the other has registered.
      if (status === 409 && /already exists/.test(message ?? ""))
        throw new UnavailableError(reason);
      if (status === 409) throw new IncompatibleError(reason);
      if (status >= 500 || status === 200) throw new UnavailableError(reason); // 200 with a page: a proxy
      throw new LabError(reason);
    }
    return pRetry(attempt, {
      retries: Infinity,
      maxRetryTime: patienceMs,
      minTimeout: FIRST_RETRY_MS,
      maxTimeout: MAX_RETRY_MS,
      shouldRetry: ({ error }) => {
        if (!(error instanceof UnavailableError)) return false;
        if (!isNotified) {
          notify(`${error.message}; trying for ${patienceMs / 1_000} s (${remedy})`);
        }
        isNotified = true;
        return true;
      },
    }).catch((error: unknown) => {
      throw error instanceof UnavailableError ? new LabError(`${error.message}: ${remedy}`) : error;
    });
  }

  async function load(id: number): Promise<StoredSchema> {
    const { schema, schemaType = "AVRO" } = await request(`schema ${id}`, () =>
      http.get<{ schema: string; schemaType?: StoredSchema["type"] }>(`/schemas/ids/${id}`),
    );
    return { type: schemaType, text: schema };
  }

  const path = (subject: string) => encodeURIComponent(subject);
  /** Without white space: Apicurio takes the same schema with other line breaks for another version. */
  const bodyOf = ({ type, text }: StoredSchema) => {
    const schema = JSON.stringify(JSON.parse(text));
    return type === "AVRO" ? { schema } : { schema, schemaType: type };
  };
  return {
    async register(subject, schema) {
      const { id } = await request(`a schema of ${subject}`, () =>
        http.post<{ id: number }>(`/subjects/${path(subject)}/versions`, bodyOf(schema)),
      );
      return id;
    },
    versions: (subject) =>
      request(`the versions of ${subject}`, () =>
        http.get<number[]>(`/subjects/${path(subject)}/versions`),
      ),
    async isCompatible(subject, schema) {
      const { is_compatible: isCompatible } = await request(`a schema of ${subject}`, () =>
        http.post<{ is_compatible: boolean }>(
          `/compatibility/subjects/${path(subject)}/versions`,
          bodyOf(schema),
        ),
      );
      return isCompatible;
    },
    schema(id) {
      const loading = schemas.get(id) ?? load(id);
      schemas.set(id, loading);
      loading.catch(() => schemas.delete(id)); // asked for again next time
      return loading;
    },
    async setCompatibility(subject, compatibility) {
      await request(`the compatibility of ${subject}`, () =>
        http.put<object>(`/config/${path(subject)}`, { compatibility }),
      );
    },
    async deleteSubject(subject) {
      await request(`the subject ${subject}`, () =>
        http.delete<number[]>(`/subjects/${path(subject)}`),
      );
    },
  };
}
