import { expect, test } from "vitest";
import { UsageError } from "../../labs/shared/errors.js";
import { hdfsStore, parseHdfsUrl, parseNameNode } from "../../labs/store/hdfs.js";

const own = { host: "127.0.0.1", rpcPort: 2, httpPort: 1 };
const messageOf = (parse: () => unknown): string => {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  throw new Error("it was taken");
};

test("a path on HDFS is on the known NameNode, or on another one at the usual ports", () => {
  for (const text of [
    ...["hdfs:///a", "hdfs:///a/", "hdfs://///a//", "hdfs://127.0.0.1:2/a"],
    ...["hdfs://localhost:2/a/", "hdfs://LocalHost:2/a", "hdfs://[::1]:2/a"],
  ]) {
    expect(parseHdfsUrl(text, own), text).toEqual({ ...own, path: "/a" });
  }
  expect(parseHdfsUrl("hdfs://", own)).toEqual({ ...own, path: "" });
  const elsewhere = (host: string, rpcPort = 8_020) => ({ host, rpcPort, httpPort: 9_870 });
  for (const [text, host, port] of [
    ["hdfs://nn/a", "nn"],
    ["hdfs://NN.example.org/a", "nn.example.org"],
    ["hdfs://nn:9000/a", "nn", 9_000],
    ["hdfs://[2001:DB8::1]:9000/a", "[2001:db8::1]", 9_000],
    ["hdfs://127.0.0.1/a", "127.0.0.1"], // the usual port is not the one of `own`
    ["hdfs://127.0.0.2:2/a", "127.0.0.2", 2],
  ] as const) {
    expect(parseHdfsUrl(text, own), text).toEqual({ ...elsewhere(host, port), path: "/a" });
  }
});

test("what is not an HDFS URL is refused, and shown without its secrets", () => {
  for (const text of [
    ...[
      "hdfs:/a",
      "http://nn/a",
      "hdfs://nn:x/a",
      "hdfs://nn/a?b",
      "hdfs:///../a",
      "hdfs://nn:0/a",
    ],
    ...["hdfs://nn:65536/a", "hdfs://2001:db8::1/a", "hdfs://n n/a", "hdfs://me:secret@nn/a"],
  ]) {
    const message = messageOf(() => parseHdfsUrl(text, own));
    expect(message, text).toMatch(/hdfs:/);
    expect(message, text).not.toContain("secret");
  }
  expect(messageOf(() => parseHdfsUrl("webhdfs://nn:39870/a", own))).toMatch(
    /hdfs:\/\/host:port.*WEBHDFS_URL=http:\/\/host:port/,
  );
});

test("HDFS_URL names the NameNode, and WEBHDFS_URL its HTTP or HTTPS address where that is not the usual one", () => {
  expect(parseNameNode(undefined, undefined, own)).toBeUndefined();
  const nn = { host: "nn", rpcPort: 9_000, httpPort: 9_870 };
  expect(parseNameNode("hdfs://nn:9000", undefined, own)).toEqual(nn);
  expect(parseNameNode("hdfs://nn:9000/", undefined, own)).toEqual(nn);
  expect(parseNameNode("hdfs://127.0.0.1:2", undefined, own)).toEqual(own);
  for (const [webhdfs, expected] of [
    ["http://nn:39870", { ...nn, httpPort: 39_870 }],
    ["http://NN/", nn],
    ["http://gate:14000/", { ...nn, httpPort: 14_000, httpHost: "gate" }],
    ["http://[::1]:39870", { ...nn, httpPort: 39_870, httpHost: "[::1]" }],
    ["https://nn", { ...nn, httpPort: 9_871, isHttps: true }],
    ["HTTPS://gate:14000", { ...nn, httpPort: 14_000, httpHost: "gate", isHttps: true }],
  ] as const) {
    expect(parseNameNode("hdfs://nn:9000", webhdfs, own), webhdfs).toEqual(expected);
  }
  for (const webhdfs of [
    ...[
      "https://me:secret@nn:9871",
      "http://me:secret@nn:1",
      "nn:9870",
      "http://nn:1/webhdfs/v1",
      "http://",
    ],
    ...["http://nn:0", "http://nn:99999", "webhdfs://nn:9870"],
  ]) {
    const message = messageOf(() => parseNameNode("hdfs://nn:9000", webhdfs, own));
    expect(message, webhdfs).toMatch(/^WEBHDFS_URL must be http:\/\/host:port or https:/);
    expect(message).not.toContain("secret");
  }
  expect(messageOf(() => parseNameNode(undefined, "http://nn:1", own))).toMatch(/set HDFS_URL/);
  for (const url of ["hdfs://nn:9000/data", "hdfs://", "hdfs:///", "hdfs:///data"]) {
    expect(
      messageOf(() => parseNameNode(url, undefined, own)),
      url,
    ).toMatch(/^HDFS_URL must be/);
  }
  expect(messageOf(() => parseNameNode("webhdfs://nn:9870", undefined, own))).toMatch(
    /WEBHDFS_URL/,
  );
});

test("while nothing answers, a notice names it once", async () => {
  const notices: string[] = [];
  const notify = (notice: string) => notices.push(notice);
  const nobody = hdfsStore({ ...own, path: "" }, false, { notify, patienceMs: 500 });
  await expect(nobody.list("x")).rejects.toThrow(/cannot list .*: HDFS at .* is not running/);
  expect(notices[0]).toMatch(/^HDFS at http:\/\/127\.0\.0\.1:1 is not running: .*trying again/);
});
