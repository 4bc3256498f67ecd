import axios, { AxiosError, type AxiosRequestConfig, type AxiosResponse } from "axios";
import { LabError, errorCode, errorMessage } from "./errors.js";
import { shownUrl } from "./address.js";
import { withTimeout } from "./wait.js";

// HTTP requests with a timeout, a limit on the size of the answer, and no secrets sent to any host but the one they are for.

/** The maximum size of an answer in bytes, after decompression: a kilobyte of gzip may contain a megabyte. */
export const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 5;

/** A redirect to another host. It is not followed: the headers or the URL may contain a secret. */
class RedirectError extends LabError {
  override name = "RedirectError";
}

/** Whether a secret for one URL may be sent to another: to the same origin, or from its default HTTP port to its HTTPS port. */
function isSameHost(from: URL, to: URL): boolean {
  if (to.origin === from.origin) return true;
  const isToTls = from.protocol === "http:" && to.protocol === "https:";
  return isToTls && to.hostname === from.hostname && from.port === "" && to.port === "";
}

/** The target of a redirect; undefined if the response is not one. */
function redirectTarget(response: AxiosResponse | undefined, from: string): URL | undefined {
  const location = response?.headers["location"] as unknown;
  if (response === undefined || ![301, 302, 303, 307, 308].includes(response.status)) return;
  if (typeof location !== "string" || !URL.canParse(location, from)) return undefined;
  return new URL(location, from);
}

/**
 * Sends a request and reads the answer, at most `MAX_ANSWER_BYTES`. Only a `GET` follows redirects, and only on the same host.
 *
 * @param timeoutMs the limit for connecting, redirects and reading the whole answer together
 * @throws RedirectError if the answer redirects to another host; AxiosError for any other failure
 */
export function request<T>(
  config: AxiosRequestConfig & { method: "get" | "post" },
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<AxiosResponse<T>> {
  // Axios's own timeout restarts with every byte received, and its redirects send the headers to any host.
  const limits = { maxContentLength: MAX_ANSWER_BYTES, maxRedirects: 0 };
  const whole = { baseURL: undefined, params: undefined }; // the URL already contains both
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
              `${shownUrl(url)} redirects to ${shownUrl(target.href)}; redirects to another host are not followed, so that keys are not sent to it`,
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

/** A short reason why a request got no usable answer. */
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

/** The status of a complete answer that is not a success; undefined for any other failure. */
export function refusedStatus(error: unknown): number | undefined {
  const status = error instanceof AxiosError ? error.response?.status : undefined;
  return status === undefined || (status >= 200 && status < 300) ? undefined : status;
}
