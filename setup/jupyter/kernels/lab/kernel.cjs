"use strict";
// The lab's TypeScript kernel: tslab, started so that a notebook can work with labs/. What tslab 1.0.22 does not do:
//
//   1. A cell may import `../labs/…`, although tslab takes only what lies below its working directory.
//   2. After a file of labs/ was edited, the next cell that imports anything of labs/ gets all of it anew: tslab
//      compiles again only the edited file, and the modules that had imported it would keep the old one.
//   3. Cells are checked strictly, as labs/ is: without that TypeScript cannot narrow `{ok: true} | {ok: false}`.
//   4. An interrupt aborts a signal that loops can listen to (labs/course/cell.ts): tslab only stops waiting for them.
//   5. One output may be of several types, so that each viewer takes the richest that it knows.
//   6. `{ price }` means `{ price: price }` also where an earlier cell has declared it.
//   7. An error of the lab is its message, without a stack of functions that the reader did not write.
//
// It reaches into tslab, so package.json pins tslab to exactly this version.

const { statSync, readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const root = path.resolve(__dirname, "../../../..");
process.chdir(root);
const labs = `${path.join(root, "labs")}/`;
const requireThere = createRequire(path.join(root, "node_modules/tslab/dist/main.js"));

// 3. The compiler's exports cannot be changed, so a copy of them takes their place.
const compilerPath = requireThere.resolve("@tslab/typescript-for-tslab");
const compiler = requireThere(compilerPath);
requireThere.cache[compilerPath].exports = {
  ...compiler,
  createWatchCompilerHost: (files, options, ...rest) =>
    compiler.createWatchCompilerHost(files, { ...options, strict: true }, ...rest),
};

// 2. Files of labs/ are looked at before each cell instead of being watched.
const known = new Map();
const watchFile = compiler.sys.watchFile.bind(compiler.sys);
compiler.sys.watchFile = (file, notify, ...rest) => {
  if (!file.startsWith(labs)) return watchFile(file, notify, ...rest);
  known.set(file, { notify, ...look(file) });
  return { close: () => known.delete(file) };
};

// Nor are folders watched: a file that appears anywhere in the project, such as one that a cell writes, would have the
// compiler set a second timer, which tslab takes for a mistake of its own.
compiler.sys.watchDirectory = () => ({ close: () => {} });

function look(file) {
  try {
    return { changedMs: statSync(file).mtimeMs, text: readFileSync(file, "utf8") };
  } catch {
    return { changedMs: 0, text: undefined }; // it is not there, now
  }
}

function reloadEdited() {
  let edited = false;
  for (const [file, state] of known) {
    let changedMs = 0;
    try {
      changedMs = statSync(file).mtimeMs;
    } catch {
      // Removed: the compiler will say so.
    }
    if (changedMs === state.changedMs) continue;
    const now = look(file);
    edited ||= now.text !== state.text;
    Object.assign(state, now);
  }
  if (!edited) return;
  for (const [file, { notify }] of [...known]) notify(file, compiler.FileWatcherEventKind.Changed);
}

// 1. The same length, so that positions in the cell stay right.
const fromRoot = (cell) => cell.replace(/(["'])\.\.\/labs\//g, "$1.//labs/");

// 6. Written out in the source that tslab is given: of the short form it overlooks that the name is a value.
function shorthandWritten(cell) {
  const { createSourceFile, isShorthandPropertyAssignment, ScriptTarget } = compiler;
  const ends = [];
  const visit = (node) => {
    if (isShorthandPropertyAssignment(node) && node.objectAssignmentInitializer === undefined) {
      ends.push([node.getEnd(), node.name.text]);
    }
    compiler.forEachChild(node, visit);
  };
  visit(createSourceFile("cell.ts", cell, ScriptTarget.ES2022, true));
  return ends.reduceRight(
    (text, [end, name]) => `${text.slice(0, end)}: ${name}${text.slice(end)}`,
    cell,
  );
}

const converterModule = requireThere("./converter");
const { createConverter } = converterModule;
converterModule.createConverter = (options) => {
  const converter = createConverter(options);
  return {
    ...converter,
    convert(declarations, cell) {
      reloadEdited();
      return converter.convert(declarations, shorthandWritten(fromRoot(cell)));
    },
    inspect: (declarations, cell, position) =>
      converter.inspect(declarations, fromRoot(cell), position),
    complete: (declarations, cell, position) =>
      converter.complete(declarations, fromRoot(cell), position),
  };
};

// 4. and 5.: what labs/course/cell.ts is given.
const jupyter = requireThere("./jupyter");
const kernel = {
  controller: new AbortController(),
  // Set by labs/course/cell.ts: shows what a cell's last expression is, if it is something to look at.
  showValue: undefined,
  display(data, id) {
    const update = id !== undefined && shown.has(id);
    if (id !== undefined) shown.add(id);
    const transient = id === undefined ? {} : { display_id: id };
    jupyter.lastWriteDisplayData({ data, metadata: {}, transient }, update);
  },
};
const shown = new Set();
globalThis[Symbol.for("lab.kernel")] = kernel;
process.on("SIGINT", () => {
  kernel.controller.abort();
  kernel.controller = new AbortController();
});

// 7.
const executorModule = requireThere("./executor");
const { createExecutor } = executorModule;
executorModule.createExecutor = (folder, converters, console) =>
  createExecutor(folder, converters, {
    log: (value) => kernel.showValue?.(value) || console.log(value),
    error: (error, ...rest) =>
      console.error(/^(Lab|Usage)Error$/.test(error?.name) ? error.message : error, ...rest),
  });

requireThere("./main").startKernel({ configPath: process.argv[2], enableFindLocal: false });
