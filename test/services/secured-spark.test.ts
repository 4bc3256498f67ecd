import { connect, createSecureServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { localStore } from "../../labs/store/local.js";
import { readAll } from "../../labs/store/products.js";
import { makeAuthority, PASSPHRASE } from "../support/certificates.js";
import { runPipelineCommand } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { ENVIRONMENT, ports } from "./environment.js";

const TOKEN = "s3cret;with=marks%";

/** A proxy before the real Spark Connect that speaks TLS and asks for a token, as those of managed services do. */
async function securedConnect(pfx: Buffer): Promise<number> {
  const server = createSecureServer({ pfx, passphrase: PASSPHRASE });
  const spark = connect(`http://127.0.0.1:${ports.SPARK_PORT}`);
  server.on("stream", (stream, headers) => {
    if (headers.authorization !== `Bearer ${TOKEN}`) {
      stream.respond(
        {
          ":status": 200,
          "content-type": "application/grpc",
          "grpc-status": "16",
          "grpc-message": "who are you?",
        },
        { endStream: true },
      );
      return;
    }
    const { ":method": method, ":path": path, "content-type": type } = headers;
    const request = spark.request({
      ":method": method,
      ":path": path,
      te: "trailers",
      "content-type": type,
    });
    stream.on("error", () => request.close());
    const trailers = new Promise<IncomingHttpHeaders>((resolve) =>
      request.once("trailers", resolve),
    );
    request.on("response", (found) => {
      if ("grpc-status" in found) return stream.respond(found, { endStream: true });
      stream.respond(found, { waitForTrailers: true });
      stream.on("wantTrailers", () => void trailers.then((sent) => stream.sendTrailers(sent)));
      request.pipe(stream);
    });
    stream.pipe(request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    spark.close();
  });
  return (server.address() as AddressInfo).port;
}

const EVENTS = ["--source", "market", "--events", "2000", "--engine", "spark", "--stack"];

test("Spark behind TLS and a token computes the products of an open one, and the token is nowhere to be seen", async () => {
  const authority = await makeAuthority();
  const port = await securedConnect(await authority.sign());
  const remote = `sc://127.0.0.1:${port}/;use_ssl=true;token=${encodeURIComponent(TOKEN)}`;
  const [open, secured] = [await temporaryFolder(), await temporaryFolder()];
  const first = await runPipelineCommand([...EVENTS, "--out", open], ENVIRONMENT);
  expect(first.code, first.stderr).toBe(0);
  const environment = {
    ...ENVIRONMENT,
    SPARK_REMOTE: remote,
    NODE_EXTRA_CA_CERTS: authority.caFile,
  };
  const { code, stdout, stderr } = await runPipelineCommand(
    [...EVENTS, "--out", secured],
    environment,
  );
  expect(code, stderr).toBe(0);
  expect(stdout + stderr).not.toContain("s3cret");
  const rows = async (out: string) =>
    (await readAll(localStore(out), "windows")).map((row) => JSON.stringify(row)).sort();
  expect((await rows(secured)).length).toBeGreaterThan(20);
  expect(await rows(secured)).toEqual(await rows(open));
});

test("a wrong token, an unknown authority, another name and an expired certificate are one line each", async () => {
  const authority = await makeAuthority();
  const good = await securedConnect(await authority.sign());
  const named = await securedConnect(await authority.sign({ host: "dns:elsewhere.example" }));
  const expired = await securedConnect(await authority.sign({ isExpired: true }));
  const ca = { NODE_EXTRA_CA_CERTS: authority.caFile };
  const cases: [number, Record<string, string>, RegExp][] = [
    [good, ca, /refuses the token or the user .*who are you\?.*check SPARK_REMOTE/],
    [good, {}, /certificate.*NODE_EXTRA_CA_CERTS/],
    [named, ca, /does not match certificate.*check SPARK_REMOTE/],
    [expired, ca, /expired.*check SPARK_REMOTE/],
  ];
  await Promise.all(
    cases.map(async ([port, variables, message]) => {
      const remote = `sc://127.0.0.1:${port}/;token=wrong-s3cret`;
      const args = [...EVENTS, "--out", await temporaryFolder()];
      const environment = { ...ENVIRONMENT, SPARK_REMOTE: remote, ...variables };
      const { code, stderr } = await runPipelineCommand(args, environment);
      const lines = stderr.split("\n").filter((line) => line.includes("SPARK_REMOTE"));
      expect(lines, stderr).toHaveLength(1);
      expect(lines[0]).toMatch(message);
      expect(code).toBe(1);
      expect(stderr).not.toContain("s3cret");
    }),
  );
});
