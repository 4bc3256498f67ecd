import { AxiosError } from "axios";
import { errorCode, errorMessage } from "./errors.js";

/** Why a request got no answer, in a few words. */
export function noAnswerReason(error: unknown): string {
  const isUnknownName = ["ENOTFOUND", "EAI_AGAIN"].includes(errorCode(error) ?? "");
  if (isUnknownName || !(error instanceof AxiosError)) return errorMessage(error);
  return error.code === "ECONNABORTED" || error.code === "ERR_CANCELED"
    ? "no answer in time"
    : (error.code ?? "no connection");
}
