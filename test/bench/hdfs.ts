import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { asFast, inFolder, say, timed, type Benchmark } from "./benchmark.js";

const FILE_MB = 100;
const speed = (ms: number) => `${Math.round((FILE_MB / ms) * 1_000)} MB/s`;
const curl = (...args: string[]) => promisify(execFile)("curl", ["-sSfL", ...args]);

export const hdfs: Benchmark = {
  name: "hdfs",
  help: `a file of ${FILE_MB} MB to HDFS and back: curl and our client`,
  async measure(bench) {
    const { stack, name, start, store } = bench.stack();
    await start();
    say(`HDFS, ${FILE_MB} MB …`);
    return inFolder(async (folder) => {
      const content = Buffer.alloc(FILE_MB * 1_000_000, "price,");
      const file = join(folder, "file");
      await writeFile(file, content);
      const { host, httpPort } = stack.addresses.hdfs;
      const url = `http://${host}:${httpPort}/webhdfs/v1/bench/${name}/curl`;
      const user = userInfo().username;
      const curlWriteMs = await timed(() =>
        curl("-T", file, `${url}?op=CREATE&overwrite=true&user.name=${user}`),
      );
      const writeMs = await timed(() => store("ours").write("file", content));
      const curlReadMs = await timed(() => curl("-o", file, `${url}?op=OPEN`));
      const readMs = await timed(() => store("ours").read("file"));
      return [
        { what: "HDFS write: curl", value: speed(curlWriteMs), ratio: "1" },
        { what: "HDFS write: ours", value: speed(writeMs), ratio: asFast(curlWriteMs, writeMs) },
        { what: "HDFS read: curl", value: speed(curlReadMs), ratio: "1" },
        { what: "HDFS read: ours", value: speed(readMs), ratio: asFast(curlReadMs, readMs) },
      ];
    });
  },
};
