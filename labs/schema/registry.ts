import axios, { type AxiosResponse } from "axios";
import pRetry from "p-retry";
import { z } from "zod";
import { shownAddress } from "../shared/address.js";
import { LabError, NotFoundError, errorMessage } from "../shared/errors.js";
import { tlsFailure } from "../shared/tls.js";
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

const anId = z.object({ id: z.int().nonnegative() });
const aSchema = z.object({
  schema: z.string(),
  schemaType: z.enum(["AVRO", "JSON", "PROTOBUF"]).default("AVRO"),
});
const versionNumbers = z.array(z.int());
const aVerdict = z.object({ is_compatible: z.boolean() });
const anError = z.object({ error_code: z.int().optional(), message: z.string().optional() });
/** Ids are integers of Java: a registry does not understand a question about a larger one. */
const MAX_ID = 2 ** 31 - 1;
/** The longest message of a registry that is shown. */
const MAX_MESSAGE_LENGTH = 300;

/** A schema as the registry stores it: a text in JSON. */
export interface StoredSchema {
  type: "AVRO" | "JSON" | "PROTOBUF";
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
  /** After it has aborted, a request that fails is not sent again. */
  signal?: AbortSignal;
  /** Names its address in what the user can do about a wrong address, such as `SCHEMA_REGISTRY_URL`. */
  setting?: string;
}

/** The registry did not answer, or answered with an error that may pass. */
class UnavailableError extends LabError {}

/** Whether a status says that the same request may succeed later. */
const mayPass = (status: number) => status >= 500 || status === 408 || status === 429;

/** @param url the address of the API; a user and a password in it are sent as basic authentication, and never shown */
export function openRegistry(
  url: string,
  {
    notify = () => {},
    patienceMs = PATIENCE_MS,
    remedy = "start it",
    setting = "its address",
    signal,
  }: RegistryOptions = {},
): SchemaRegistry {
  const { username, password } = new URL(url);
  const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  const address = shownAddress(url);
  const http = axios.create({
    baseURL: url.replace(/\/\/[^/@]*@/, "//").replace(/\/$/, ""),
    timeout: TIMEOUT_MS,
    proxy: false, // a proxy to the internet cannot reach a loopback address or a cluster's hosts
    headers: { "Content-Type": CONTENT_TYPE, Accept: CONTENT_TYPE },
    ...(user + secret === "" ? {} : { auth: { username: user, password: secret } }),
    validateStatus: () => true,
  });
  const schemas = new Map<number, Promise<StoredSchema>>();

  /** A message of the registry for people: not too long, and without the password. */
  function shown(message: string): string {
    const token = Buffer.from(`${user}:${secret}`).toString("base64");
    const secrets = secret === "" ? [] : [password, secret, token];
    const clean = secrets.reduce((text, each) => text.replaceAll(each, "…"), message);
    return clean.length > MAX_MESSAGE_LENGTH ? `${clean.slice(0, MAX_MESSAGE_LENGTH)} …` : clean;
  }

  /** The error that an answer stands for. */
  function refusal(what: string, { status, data }: AxiosResponse<unknown>): LabError {
    const { error_code: code, message } = anError.safeParse(data).data ?? {};
    const found = `${what}: the registry at ${address} answered ${status}`;
    const reason = message === undefined ? found : `${found}: ${shown(message)}`;
    // 40401 to 40499: no such subject, version or schema. Any other 404 says nothing about what was asked for.
    if (status === 404 && code !== undefined && code > 40_400 && code < 40_500) {
      return new NotFoundError(reason);
    }
    // Apicurio's answer if two programs register at the same moment; the next request finds what the other has registered.
    const isRace = status === 409 && /already exists/.test(message ?? "");
    if (isRace || mayPass(status)) return new UnavailableError(reason);
    if (status === 409) {
      return new IncompatibleError(
        `${reason}: register a compatible schema, or lower the compatibility of the subject`,
      );
    }
    if (status === 401 || status === 403) {
      return new LabError(`${reason}: check the user and the password in ${setting}`);
    }
    if (status === 404) {
      return new LabError(
        `${reason}: check ${setting}; is the path of the API missing, such as /apis/ccompat/v7 of Apicurio?`,
      );
    }
    return new LabError(reason);
  }

  /**
   * Sends a request, and again while the registry is unavailable.
   *
   * @throws LabError for every answer but one of status 200 with the expected content
   */
  async function request<T>(
    what: string,
    expected: z.ZodType<T>,
    send: () => Promise<AxiosResponse<unknown>>,
  ): Promise<T> {
    let isNotified = false;
    async function attempt(): Promise<T> {
      const response = await send().catch((error: unknown) => {
        const place = `${what}: the registry at ${address}`;
        const failure = tlsFailure(error, setting);
        if (failure !== undefined) throw new LabError(`${place}: ${failure}`);
        const message = errorMessage(error);
        const mayNeedTls = url.startsWith("http:") && message === "socket hang up";
        const hint = mayNeedTls
          ? ` (if it speaks TLS at this port, write https:// in ${setting})`
          : "";
        throw new UnavailableError(`${place}: ${message}${hint}`);
      });
      if (response.status !== 200) throw refusal(what, response);
      const { success, data } = expected.safeParse(response.data);
      if (success) return data;
      // A page of a proxy, for example.
      throw new UnavailableError(
        `${what}: the registry at ${address} answered 200, but not as a schema registry`,
      );
    }
    return pRetry(attempt, {
      retries: Infinity,
      maxRetryTime: patienceMs,
      minTimeout: FIRST_RETRY_MS,
      maxTimeout: MAX_RETRY_MS,
      shouldRetry: ({ error }) => {
        if (!(error instanceof UnavailableError) || signal?.aborted === true) return false;
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
    if (id > MAX_ID) throw new NotFoundError(`schema ${id}: ids are at most ${MAX_ID}`);
    const { schema, schemaType } = await request(`schema ${id}`, aSchema, () =>
      http.get(`/schemas/ids/${id}`),
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
      const { id } = await request(`a schema of ${subject}`, anId, () =>
        http.post(`/subjects/${path(subject)}/versions`, bodyOf(schema)),
      );
      return id;
    },
    versions: (subject) =>
      request(`the versions of ${subject}`, versionNumbers, () =>
        http.get(`/subjects/${path(subject)}/versions`),
      ),
    async isCompatible(subject, schema) {
      const { is_compatible: isCompatible } = await request(
        `a schema of ${subject}`,
        aVerdict,
        () => http.post(`/compatibility/subjects/${path(subject)}/versions`, bodyOf(schema)),
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
      await request(`the compatibility of ${subject}`, z.unknown(), () =>
        http.put(`/config/${path(subject)}`, { compatibility }),
      );
    },
    async deleteSubject(subject) {
      await request(`the subject ${subject}`, versionNumbers, () =>
        http.delete(`/subjects/${path(subject)}`),
      );
    },
  };
}
