import { join } from "node:path";
import { run } from "./process.js";

/** An authority, and the certificates that it signs. */
export interface Authority {
  /** The path of its certificate, in PEM. */
  caFile: string;
  /**
   * Signs a certificate for a server.
   *
   * @param options.names what the certificate is for, as in `ip:127.0.0.1,dns:localhost`
   * @returns the path of the keystore with the server's key (PKCS #12)
   */
  sign(name: string, options: { names: string; isExpired?: boolean }): Promise<string>;
}

const LOCAL = { LC_ALL: "C.UTF-8" };
/** For ten years: nobody renews the certificates of a lab. */
const VALIDITY = ["-validity", "3650"];

/**
 * Makes an authority with Java's keytool.
 *
 * @param java the folder of Java
 * @param folder where its files go
 * @param passphrase protects the keystores
 */
export async function makeAuthority(
  java: string,
  folder: string,
  passphrase: string,
): Promise<Authority> {
  const path = (name: string) => join(folder, name);
  const keytool = async (store: string, command: string, ...args: string[]) => {
    // The passphrase is in the environment, because the list of processes shows arguments.
    const common = [
      "-storetype",
      "PKCS12",
      "-storepass:env",
      "PASSPHRASE",
      "-keystore",
      path(store),
    ];
    const environment = { ...LOCAL, PASSPHRASE: passphrase };
    await run(join(java, "bin/keytool"), [command, ...common, ...args], { environment });
  };
  const key = ["-keyalg", "EC", "-groupname", "secp256r1"];
  const isAuthority = ["-ext", "bc:c"];
  const subject = ["-dname", "CN=Crypto streaming lab"];
  await keytool(
    "ca.p12",
    "-genkeypair",
    "-alias",
    "ca",
    ...key,
    ...subject,
    ...isAuthority,
    ...VALIDITY,
  );
  await keytool("ca.p12", "-exportcert", "-alias", "ca", "-rfc", "-file", path("ca.pem"));
  return {
    caFile: path("ca.pem"),
    async sign(name, { names, isExpired = false }) {
      const [store, request, signed] = [`${name}.p12`, path(`${name}.csr`), path(`${name}.pem`)];
      await keytool(store, "-genkeypair", "-alias", name, ...key, "-dname", `CN=${name}`);
      await keytool(store, "-certreq", "-alias", name, "-file", request);
      const times = isExpired ? ["-startdate", "-10d", "-validity", "5"] : VALIDITY;
      const files = ["-rfc", "-infile", request, "-outfile", signed];
      await keytool(
        "ca.p12",
        "-gencert",
        "-alias",
        "ca",
        ...files,
        "-ext",
        `san=${names}`,
        ...times,
      );
      await keytool(store, "-importcert", "-alias", "ca", "-noprompt", "-file", path("ca.pem"));
      await keytool(store, "-importcert", "-alias", name, "-noprompt", "-file", signed);
      return path(store);
    },
  };
}
