import { readFile } from "node:fs/promises";
import { openAuthority } from "../../labs/stack/certificates.js";
import { temporaryFolder } from "./folder.js";

export const PASSPHRASE = "changeit";

/** An authority, and certificates that it has signed. */
export interface TestAuthority {
  /** The path of its certificate, in PEM. */
  caFile: string;
  /** Signs a certificate for a server. @returns the keystore with its key (PKCS #12), as Node takes it */
  sign(options?: { host?: string; isExpired?: boolean }): Promise<Buffer>;
}

/** Makes an authority with Java's keytool. */
export async function makeAuthority(): Promise<TestAuthority> {
  const authority = await openAuthority(".lab/java", await temporaryFolder(), PASSPHRASE);
  let count = 0;
  return {
    caFile: authority.caFile,
    sign: async ({ host = "ip:127.0.0.1", isExpired } = {}) =>
      readFile(await authority.sign(`server-${count++}`, { names: host, isExpired })),
  };
}
