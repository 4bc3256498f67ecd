import { errorCode, errorMessage } from "./errors.js";

/**
 * Why a request failed if the cause is the server's certificate, or that only one side speaks TLS, and what to do next. It would be of no
 * use to try again.
 *
 * @param setting names the variable with the server's address
 * @returns undefined if something else failed
 */
export function tlsFailure(error: unknown, setting: string): string | undefined {
  const code = errorCode(error) ?? "";
  const message = errorMessage(error);
  if (code === "CERT_HAS_EXPIRED") return "its certificate has expired: renew it on the server";
  if (code === "CERT_NOT_YET_VALID") {
    return "its certificate is not valid yet: check the clocks of this machine and of the server";
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `its certificate is for another name (${message}): check the host in ${setting}`;
  }
  if (/CERT|ISSUER|LEAF_SIGNATURE/.test(code)) {
    return `its certificate is not accepted (${message}): for an authority of your own, set NODE_EXTRA_CA_CERTS to a file with its certificate in PEM`;
  }
  if (/wrong version number|packet length too long|record layer failure/i.test(message)) {
    return `it does not speak TLS at this port: check the port, or write http:// in ${setting}`;
  }
  if (code.startsWith("HPE_")) {
    return `it does not speak HTTP at this port: check the port, or write https:// in ${setting}`;
  }
  return undefined;
}
