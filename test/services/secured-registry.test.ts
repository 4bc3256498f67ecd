import { request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openRegistry } from "../../labs/schema/registry.js";
import { makeAuthority, PASSPHRASE } from "../support/certificates.js";
import { runPipelineCommand } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { products } from "../support/products.js";
import { ENVIRONMENT, ports } from "./environment.js";

const USER = "lab";
const PASSWORD = "s3cret/with@marks%";
const LOGIN = `${USER}:${encodeURIComponent(PASSWORD)}`;

/** A proxy before the real registry that speaks TLS and asks for a user and a password. @returns `host:port` and the path of the API */
async function securedRegistry(pfx: Buffer): Promise<string> {
  const server = createServer({ pfx, passphrase: PASSPHRASE }, (incoming, outgoing) => {
    const expected = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");
    if (incoming.headers.authorization !== `Basic ${expected}`) {
      incoming.resume();
      outgoing.writeHead(401, { "content-type": "application/json" });
      // What a careless server answers.
      outgoing.end(JSON.stringify({ message: `unknown: ${incoming.headers.authorization}` }));
      return;
    }
    const { method, url: path, headers } = incoming;
    const behind = { host: "127.0.0.1", port: ports.REGISTRY_PORT, method, path, headers };
    const asked = request(behind, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    asked.on("error", () => outgoing.destroy());
    incoming.pipe(asked);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}/apis/ccompat/v7`;
}

const run = (out: string, format: string, variables: Record<string, string>) => {
  const args = ["--source", "market", "--events", "2000", "--format", format, "--out", out];
  return runPipelineCommand(args, { ...ENVIRONMENT, ...variables });
};

test("with a registry behind TLS and a password the products are those of an open one, and the password is nowhere to be seen", async () => {
  const authority = await makeAuthority();
  const place = await securedRegistry(await authority.sign());
  const secured = {
    SCHEMA_REGISTRY_URL: `https://${LOGIN}@${place}`,
    NODE_EXTRA_CA_CERTS: authority.caFile,
  };
  await Promise.all(
    ["avro", "json-schema"].map(async (format) => {
      const outs = [await temporaryFolder(), await temporaryFolder()] as const;
      const runs = await Promise.all([run(outs[0], format, {}), run(outs[1], format, secured)]);
      for (const { code, stdout, stderr } of runs) {
        expect(code, stderr).toBe(0);
        expect(stdout + stderr).not.toContain("s3cret");
      }
      const [open, behind] = await Promise.all(outs.map(products));
      expect(open!.windows.length).toBeGreaterThan(20);
      expect(behind).toEqual(open);
    }),
  );
});

test("whatever is wrong with the password, the certificate or the port is one line that says what to do, and exit code 1", async () => {
  const authority = await makeAuthority();
  const good = await securedRegistry(await authority.sign());
  const named = await securedRegistry(await authority.sign({ host: "dns:elsewhere.example" }));
  const expired = await securedRegistry(await authority.sign({ isExpired: true }));
  const open = `127.0.0.1:${ports.REGISTRY_PORT}/apis/ccompat/v7`;
  const cases: [string, string, RegExp][] = [
    [
      `https://lab:wrong-s3cret@${good}`,
      authority.caFile,
      /answered 401: .*check the user and the password in SCHEMA_REGISTRY_URL/,
    ],
    [`https://${good}`, authority.caFile, /answered 401.*check the user and the password/],
    [`https://${LOGIN}@${good}`, "", /certificate is not accepted .*set NODE_EXTRA_CA_CERTS/],
    [
      `https://${LOGIN}@${named}`,
      authority.caFile,
      /certificate is for another name .*SCHEMA_REGISTRY_URL/,
    ],
    [`https://${LOGIN}@${expired}`, authority.caFile, /certificate has expired: renew it/],
    [`https://${LOGIN}@${open}`, "", /does not speak TLS at this port: .*SCHEMA_REGISTRY_URL/],
  ];
  await Promise.all(
    cases.map(async ([url, caFile, message]) => {
      const variables = { SCHEMA_REGISTRY_URL: url, NODE_EXTRA_CA_CERTS: caFile };
      const { code, stdout, stderr } = await run(await temporaryFolder(), "avro", variables);
      expect(stderr.trimEnd().split("\n"), stderr).toHaveLength(1);
      expect(stderr).toMatch(message);
      expect(code).toBe(1);
      for (const secret of ["s3cret", Buffer.from("lab:wrong-s3cret").toString("base64")]) {
        expect(stdout + stderr).not.toContain(secret);
      }
    }),
  );
  // A server that hangs up may also be one that restarts, so the registry is asked again.
  const options = { patienceMs: 500, setting: "SCHEMA_REGISTRY_URL" };
  const registry = openRegistry(`http://${LOGIN}@${good}`, options);
  await expect(registry.versions("x")).rejects.toThrow(
    /socket hang up \(if it speaks TLS at this port, write https:\/\/ in SCHEMA_REGISTRY_URL\)/,
  );
});
