import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "./folder.js";

const KEYTOOL = ".lab/java/bin/keytool";
export const PASSPHRASE = "changeit";

/** An authority, and certificates that it has signed. */
export interface Authority {
  /** The path of its certificate, in PEM. */
  caFile: string;
  /** Signs a certificate for a server. @returns the keystore with its key (PKCS #12), as Node takes it */
  sign(options?: { host?: string; isExpired?: boolean }): Promise<Buffer>;
}

/** Makes an authority with Java's keytool. */
export async function makeAuthority(): Promise<Authority> {
  const folder = await temporaryFolder();
  const path = (name: string) => join(folder, name);
  const keytool = async (store: string, ...args: string[]) => {
    const common = ["-storetype", "PKCS12", "-storepass", PASSPHRASE, "-keystore", path(store)];
    await promisify(execFile)(KEYTOOL, [args[0]!, ...common, ...args.slice(1)]);
  };
  const key = ["-keyalg", "EC", "-groupname", "secp256r1"];
  await keytool(
    "ca.p12",
    "-genkeypair",
    "-alias",
    "ca",
    ...key,
    "-dname",
    "CN=Test",
    "-ext",
    "bc:c",
  );
  await keytool("ca.p12", "-exportcert", "-alias", "ca", "-rfc", "-file", path("ca.pem"));
  let count = 0;
  return {
    caFile: path("ca.pem"),
    async sign({ host = "ip:127.0.0.1", isExpired = false } = {}) {
      const name = `server-${count++}`;
      const [store, request, signed] = [`${name}.p12`, path(`${name}.csr`), path(`${name}.pem`)];
      await keytool(store, "-genkeypair", "-alias", name, ...key, "-dname", `CN=${name}`);
      await keytool(store, "-certreq", "-alias", name, "-file", request);
      const times = isExpired ? ["-startdate", "-10d", "-validity", "5"] : ["-validity", "10"];
      await keytool(
        "ca.p12",
        ...["-gencert", "-alias", "ca", "-rfc", "-infile", request, "-outfile", signed],
        ...["-ext", `san=${host}`, ...times],
      );
      await keytool(store, "-importcert", "-alias", "ca", "-noprompt", "-file", path("ca.pem"));
      await keytool(store, "-importcert", "-alias", name, "-noprompt", "-file", signed);
      return readFile(path(store));
    },
  };
}
