// Addresses for messages, without the parts that may contain secrets.

/** The scheme, host and port of a URL. User, password, path and query may contain secrets. */
export const shownUrl = (url: string): string =>
  URL.canParse(url) ? new URL(url).origin : "an invalid URL";

/** An address set by the user, without user, password and parameters, which may contain secrets. */
export function shownAddress(address: string): string {
  // The @ may belong to a token among the parameters, or the mark to a password before the @.
  if (/[;?].*@/s.test(address)) return address.replace(/^([a-z][\w+.-]*:\/\/)?.*$/is, "$1…");
  return address.replace(/^([a-z][\w+.-]*:\/\/)?.*@/is, "$1…@").replace(/[;?].*$/s, "…");
}
