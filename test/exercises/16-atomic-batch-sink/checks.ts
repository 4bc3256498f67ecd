import type { Files } from "../../../solutions/16-atomic-batch-sink.js";
import * as solution from "../../../solutions/16-atomic-batch-sink.js";
import { checksOf, wrong } from "../checks.js";

const check = checksOf(solution);

/** Waits until other work has had its turn. */
const setImmediate = () => new Promise((resolve) => globalThis.setImmediate(resolve));

class Crash extends Error {}

/** The last line may end with a line break or not: both are one row a line. */
const lines = (text: string) => text.replace(/\n$/, "");

/** A store in memory that dies in the middle of one of its operations. */
function store(crashAt = Infinity) {
  const content = new Map<string, string>();
  let operations = 0;
  const seen: string[] = [];
  /** What a reader could see at this moment. */
  const look = () => {
    for (const [name, text] of content)
      if (!name.startsWith(".")) seen.push(`${name}: ${JSON.stringify(lines(text))}`);
  };
  const files: Files = {
    async write(name, text) {
      await setImmediate(); // as slow as a disk: what is not awaited is still running
      content.set(name, text.slice(0, Math.floor(text.length / 2)));
      look();
      if (operations++ === crashAt) throw new Crash("the process was killed");
      content.set(name, text);
      look();
    },
    async rename(from, to) {
      await setImmediate(); // as slow as a disk: what is not awaited is still running
      if (operations++ === crashAt) throw new Crash("the process was killed");
      const text = content.get(from);
      if (text === undefined) throw new Error(`there is no file ${from}`);
      content.delete(from);
      content.set(to, text);
      look();
    },
  };
  const visible = () =>
    Object.fromEntries(
      [...content]
        .filter(([name]) => !name.startsWith("."))
        .map(([name, text]) => [name, lines(text)] as const)
        .sort(),
    );
  return { files, content, seen, visible, operations: () => operations };
}

const ROWS = ["bitcoin,100", "ethereum,7"];
const WHOLE = { "part-3.txt": "bitcoin,100\nethereum,7" };
const text = (value: object) => JSON.stringify(value);

export default [
  check.scenario("the rows are in the batch's file, one per line", async (subject) => {
    const { files, visible } = store();
    await subject.writeBatch(files, 3, ROWS);
    if (text(visible()) !== text(WHOLE)) {
      throw wrong(
        'writeBatch(files, 3, ["bitcoin,100", "ethereum,7"])',
        text(WHOLE),
        text(visible()),
        "Readers see one file, named after the batch.",
      );
    }
  }),
  check.scenario("a reader never sees half a batch", async (subject) => {
    const { files, seen } = store();
    await subject.writeBatch(files, 3, ROWS);
    const half = seen.find((each) => each !== 'part-3.txt: "bitcoin,100\\nethereum,7"');
    if (half !== undefined) {
      throw wrong(
        "a reader lists the folder while batch 3 is written",
        "no file, or the whole file",
        half,
        "Write under a name that readers ignore, and rename when the file is complete.",
      );
    }
  }),
  check.scenario(
    "writing a batch twice has the same result as writing it once",
    async (subject) => {
      const { files, content } = store();
      await subject.writeBatch(files, 3, ROWS);
      await subject.writeBatch(files, 3, ROWS);
      const all = Object.fromEntries([...content].map(([name, text]) => [name, lines(text)]));
      if (text(all) !== text(WHOLE)) {
        throw wrong(
          "batch 3, written twice",
          text(WHOLE),
          text(all),
          "The name must depend only on the batch, and an existing file must be replaced, not appended to.",
        );
      }
    },
  ),
  check.scenario(
    "after a crash at any moment and a second try, every batch exists once",
    async (subject) => {
      const counting = store();
      await subject.writeBatch(counting.files, 3, ROWS);
      for (let crashAt = 0; crashAt < counting.operations(); crashAt++) {
        const { files, visible } = store(crashAt);
        await subject.writeBatch(files, 3, ROWS).catch((error: unknown) => {
          if (!(error instanceof Crash)) throw error;
        });
        const crash = `a crash in operation ${crashAt + 1} of batch 3`;
        const halfway = text(visible());
        if (halfway !== "{}" && halfway !== text(WHOLE)) {
          throw wrong(
            crash,
            "readers see nothing of the batch, or all of it",
            halfway,
            "A file under its final name must be complete.",
          );
        }
        await subject.writeBatch(files, 3, ROWS);
        if (text(visible()) !== text(WHOLE)) {
          throw wrong(
            `${crash}, then batch 3 again`,
            text(WHOLE),
            text(visible()),
            "The second try must cope with whatever the first one left.",
          );
        }
      }
    },
  ),
  check.scenario(
    "a batch without rows can be told from one that was never written",
    async (subject) => {
      const { files, visible } = store();
      await subject.writeBatch(files, 0, []);
      if (text(visible()) !== text({ "part-0.txt": "" })) {
        throw wrong(
          "writeBatch(files, 0, [])",
          text({ "part-0.txt": "" }),
          text(visible()),
          "An empty file shows that the batch has been written.",
        );
      }
    },
  ),
];
