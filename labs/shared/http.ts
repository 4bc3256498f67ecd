import axios, { AxiosError, type AxiosRequestConfig, type AxiosResponse } from "axios";
import { LabError, errorCode, errorMessage } from "./errors.js";
import { shownUrl } from "./address.js";
import { withTimeout } from "./wait.js";

// How the lab asks others over HTTP: with a limit for the time and for the size of an answer, and without telling a
// secret to anyone but the host it is for.

/** The largest answer that is read, bytes, counted after decompression: a kilobyte of gzip may hold a megabyte. */
export const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 5;

/** A redirect to another host. It is not followed: the headers, or the URL itself, may hold a secret. */
class RedirectError extends LabError {
  override name = "RedirectError";
}

/** Whether a secret that was sent to one URL may be sent to another one too: to the same server, or from its HTTP to its HTTPS port. */
function isSameHost(from: URL, to: URL): boolean {
  if (to.origin === from.origin) return true;
  const isToTls = from.protocol === "http:" && to.protocol === "https:";
  return isToTls && to.hostname === from.hostname && from.port === "" && to.port === "";
}

/** Where an answer redirects to; undefined if it does not. */
function redirectTarget(response: AxiosResponse | undefined, from: string): URL | undefined {
  const location = response?.headers["location"] as unknown;
  if (response === undefined || ![301, 302, 303, 307, 308].includes(response.status)) return;
  if (typeof location !== "string" || !URL.canParse(location, from)) return undefined;
  return new URL(location, from);
}

/**
 * Sends a request and reads the answer, of at most `MAX_ANSWER_BYTES`. A `GET` follows redirects of the same host, nothing
 * else follows any.
 *
 * @param timeoutMs how long connecting, redirects and the whole answer may take together, milliseconds
 * @throws RedirectError if the answer redirects to another host; AxiosError for any other failure
 */
export function request<T>(
  config: AxiosRequestConfig & { method: "get" | "post" },
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<AxiosResponse<T>> {
  // Axios's own timeout starts anew with every byte that comes, and its redirects take the headers along to any host.
  const limits = { maxContentLength: MAX_ANSWER_BYTES, maxRedirects: 0 };
  const whole = { baseURL: undefined, params: undefined }; // both are in the URL already
  return withTimeout(
    timeoutMs,
    async (signal) => {
      let url = axios.getUri(config);
      for (let redirects = 0; ; redirects++) {
        try {
          return await axios.request<T>({ ...config, ...whole, ...limits, url, signal });
        } catch (error) {
          const response = error instanceof AxiosError ? error.response : undefined;
          const target = redirectTarget(response, url);
          if (target === undefined) throw error;
          if (!isSameHost(new URL(url), target)) {
            throw new RedirectError(
              `${shownUrl(url)} redirects to ${shownUrl(target.href)}, which is not followed: a key for one host must not be sent to another`,
              { cause: error },
            );
          }
          if (config.method !== "get") throw error;
          if (redirects === MAX_REDIRECTS) throw new Error("too many redirects", { cause: error });
          url = target.href;
        }
      }
    },
    signal,
  );
}

/** Why a request got no usable answer, in a few words. */
export function noAnswerReason(error: unknown): string {
  const isUnknownName = ["ENOTFOUND", "EAI_AGAIN"].includes(errorCode(error) ?? "");
  if (isUnknownName || !(error instanceof AxiosError)) return errorMessage(error);
  if (error.code === "ECONNABORTED" || error.code === "ERR_CANCELED") return "no answer in time";
  if (error.message.startsWith("maxContentLength")) {
    return `the answer is larger than ${MAX_ANSWER_BYTES} bytes`;
  }
  if (error.code === AxiosError.ERR_BAD_RESPONSE) return "the answer was cut off";
  return error.code ?? "no connection";
}

/** The status of an answer that came whole and is not a success; undefined for any other failure. */
export function refusedStatus(error: unknown): number | undefined {
  const status = error instanceof AxiosError ? error.response?.status : undefined;
  return status === undefined || (status >= 200 && status < 300) ? undefined : status;
}
