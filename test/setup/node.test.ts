import { execFile } from "node:child_process";
import { cp, mkdir, readFile, readdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/folder.js";

const run = promisify(execFile);
const PATH = `${dirname(process.execPath)}:${process.env["PATH"]}`;

for (const shell of ["bash", "dash", "sh", "zsh"]) {
  test(`setup/node.sh can be sourced in ${shell}`, async (context) => {
    const there = await run("sh", ["-c", `command -v ${shell}`]).catch(() => undefined);
    if (there === undefined) return context.skip();
    const { stdout, stderr } = await run(shell, ["-c", ". setup/node.sh && node --version"], {
      env: { ...process.env, PATH },
    });
    expect(stdout.trim()).toBe(process.version);
    expect(stderr).toBe("");
  });
}

test("in a shell that does not know where setup/node.sh is, an error says what to do", async (context) => {
  const there = await run("sh", ["-c", "command -v dash"]).catch(() => undefined);
  if (there === undefined) return context.skip();
  const script = `. '${resolve("setup/node.sh")}'`;
  await expect(run("dash", ["-c", script], { cwd: "/" })).rejects.toMatchObject({
    stderr: expect.stringContaining("change to its folder first"),
  });
});

test("npm's cache is in .lab if the home folder is not writable", async () => {
  const script = ". setup/node.sh && echo $npm_config_cache";
  const env = { ...process.env, PATH, HOME: "/proc/self", npm_config_cache: "" };
  const { stdout } = await run("bash", ["-c", script], { env });
  expect(stdout.trim()).toBe(resolve(".lab/npm"));
});

/** Runs setup/ready.cjs in a checkout, as if by another version of Node. */
async function ready(root: string, version: string): Promise<string> {
  const script = `Object.defineProperty(process.versions, "node", { value: ${JSON.stringify(version)} });
    require(${JSON.stringify(join(root, "setup/ready.cjs"))});`;
  const failure = (error: unknown) => error as { stderr: string; code: number };
  const ended = await run(process.execPath, ["-e", script]).catch(failure);
  if ("code" in ended) expect(ended.code).toBe(1);
  return ended.stderr;
}

test("an old Node and missing packages are reported in one line", async () => {
  const root = await temporaryFolder();
  await cp("setup/ready.cjs", join(root, "setup/ready.cjs"));
  await cp("package.json", join(root, "package.json"));
  expect(await ready(root, "20.19.0")).toBe(
    "the npm packages are not installed: source setup/node.sh && npm ci\n",
  );
  await mkdir(join(root, "node_modules/tsx"), { recursive: true });
  for (const good of ["20.19.0", "20.20.2", "22.0.0", "24.1.0", "100.0.0"]) {
    expect(await ready(root, good)).toBe("");
  }
  await rm(join(root, "node_modules"), { recursive: true });
  for (const old of ["0.12.18", "8.17.0", "18.20.8", "20.9.0", "20.18.3"]) {
    expect(await ready(root, old)).toBe(
      `Node 20.19 or later is required, but this is Node ${old}: source setup/node.sh\n`,
    );
  }
});

test("every script checks the version of Node before it imports anything else", async () => {
  for (const name of await readdir("scripts")) {
    const text = await readFile(join("scripts", name), "utf8");
    if (text.includes("endWith(main("))
      expect(text, name).toMatch(/^import "\.\.\/setup\/ready\.cjs"/);
  }
});

// Node resolves named imports from its own modules before any module runs. So names that Node 18 lacks must be used as
// members, such as `zlib.crc32`: otherwise Node 18 reports the import, not the message of setup/ready.cjs.
const NEW_IN_NODE = new Set(
  `argon2 argon2Sync availableMemory crc32 createZstdCompress createZstdDecompress diff duplexPair enableCompileCache
   findPackageJSON getBuiltinModule getCallSites glob globSync hash loadEnvFile matchesGlob openAsBlob parseEnv
   partialDeepStrictEqual randomUUIDv7 registerHooks stripTypeScriptTypes styleText zstdCompress zstdCompressSync
   zstdDecompress zstdDecompressSync`.split(/\s+/),
);

test("no name that Node 18 lacks is imported", async () => {
  const files = (
    await Promise.all(
      ["labs", "scripts"].map((folder) =>
        readdir(folder, { recursive: true }).then((names) =>
          names.map((name) => join(folder, name)),
        ),
      ),
    )
  ).flat();
  for (const file of files.filter((name) => name.endsWith(".ts"))) {
    const text = await readFile(file, "utf8");
    for (const [, names] of text.matchAll(/^import \{([^}]*)\} from "node:/gm)) {
      for (const name of names!.split(",").map((each) => each.trim().split(" ")[0]!)) {
        expect(NEW_IN_NODE, `${file} imports ${name}`).not.toContain(name);
      }
    }
  }
});
