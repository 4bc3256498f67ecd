import { readFile } from "node:fs/promises";
import { connect, type AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { onTestFinished } from "vitest";
import { makeAuthority as makeAuthorityIn } from "../../labs/stack/certificates.js";
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
  const authority = await makeAuthorityIn(".lab/java", await temporaryFolder(), PASSPHRASE);
  let count = 0;
  return {
    caFile: authority.caFile,
    sign: async ({ host = "ip:127.0.0.1", isExpired } = {}) =>
      readFile(await authority.sign(`server-${count++}`, { names: host, isExpired })),
  };
}

/** Starts a server that takes TLS off and passes the bytes on to a port of this machine, until the test ends. @returns its port */
export async function tlsProxy(pfx: Buffer, port: number): Promise<number> {
  const server = createServer({ pfx, passphrase: PASSPHRASE }, (socket) => {
    const behind = connect(port, "127.0.0.1");
    for (const each of [socket, behind]) each.on("error", () => {});
    socket.pipe(behind).pipe(socket);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
