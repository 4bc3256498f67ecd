// Addresses in messages: without what may be secret in them.

/** A URL as it may be shown: scheme, host and port. User, password, path and query may be secret. */
export const shownUrl = (url: string): string =>
  URL.canParse(url) ? new URL(url).origin : "an invalid URL";

/** An address that somebody has set, as it may be shown: without user, password and parameters, which may be secrets. */
export function shownAddress(address: string): string {
  return address.replace(/^([a-z]+:\/\/)?.*@/is, "$1…@").replace(/[;?].*$/s, "…");
}
