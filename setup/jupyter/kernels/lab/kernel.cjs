"use strict";
// The lab's TypeScript kernel: tslab, extended so that notebooks can use labs/. It adds to tslab 1.0.22:
//
//   1. A cell can import `../labs/…`. tslab itself only resolves files below its working directory.
//   2. After a file in labs/ has been edited, the next cell that imports from labs/ reloads all of it. tslab itself
//      recompiles only the edited file, and modules that import it keep the old version.
//   3. Cells are type-checked in strict mode, like labs/. Otherwise TypeScript cannot narrow `{ok: true} | {ok: false}`.
//   4. An interrupt aborts a signal that loops can listen to (labs/course/cell.ts). tslab itself only stops waiting.
//   5. One output can have several MIME types, so that each viewer shows the richest that it supports.
//   6. `{ price }` works as `{ price: price }` even if an earlier cell declared `price`.
//   7. An error of the lab is shown as its message, without a stack trace of functions that the reader did not write.
//
// It uses tslab's internals, so package.json pins this exact version.

const { statSync, readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const root = path.resolve(__dirname, "../../../..");
process.chdir(root);
const labs = `${path.join(root, "labs")}/`;
const requireFromTslab = createRequire(path.join(root, "node_modules/tslab/dist/main.js"));

// 3. The compiler's exports are read-only, so a copy replaces them.
const compilerPath = requireFromTslab.resolve("@tslab/typescript-for-tslab");
const compiler = requireFromTslab(compilerPath);
requireFromTslab.cache[compilerPath].exports = {
  ...compiler,
  createWatchCompilerHost: (files, options, ...rest) =>
    compiler.createWatchCompilerHost(files, { ...options, strict: true }, ...rest),
};

// 2. Files in labs/ are checked for changes before each cell instead of being watched.
const watchedFiles = new Map();
const watchFile = compiler.sys.watchFile.bind(compiler.sys);
compiler.sys.watchFile = (file, notify, ...rest) => {
  if (!file.startsWith(labs)) return watchFile(file, notify, ...rest);
  watchedFiles.set(file, { notify, ...readState(file) });
  return { close: () => watchedFiles.delete(file) };
};

// Folders are not watched either: if a file appeared anywhere in the project, such as one that a cell writes, the
// compiler would set a second timer, which tslab reports as an internal error.
compiler.sys.watchDirectory = () => ({ close: () => {} });

function readState(file) {
  try {
    return { changedMs: statSync(file).mtimeMs, text: readFileSync(file, "utf8") };
  } catch {
    return { changedMs: 0, text: undefined }; // the file does not exist now
  }
}

function reloadEdited() {
  let edited = false;
  for (const [file, state] of watchedFiles) {
    let changedMs = 0;
    try {
      changedMs = statSync(file).mtimeMs;
    } catch {
      // The file was removed; the compiler will report it.
    }
    if (changedMs === state.changedMs) continue;
    const current = readState(file);
    edited ||= current.text !== state.text;
    Object.assign(state, current);
  }
  if (!edited) return;
  for (const [file, { notify }] of [...watchedFiles])
    notify(file, compiler.FileWatcherEventKind.Changed);
}

// 1. The replacement has the same length, so positions in the cell remain valid.
const fromRoot = (cell) => cell.replace(/(["'])\.\.\/labs\//g, "$1.//labs/");

// 6. Expands the shorthand in the source passed to tslab, which does not see that the name is used as a value.
function expandShorthand(cell) {
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

const converterModule = requireFromTslab("./converter");
const { createConverter } = converterModule;
converterModule.createConverter = (options) => {
  const converter = createConverter(options);
  return {
    ...converter,
    convert(declarations, cell) {
      reloadEdited();
      return converter.convert(declarations, expandShorthand(fromRoot(cell)));
    },
    inspect: (declarations, cell, position) =>
      converter.inspect(declarations, fromRoot(cell), position),
    complete: (declarations, cell, position) =>
      converter.complete(declarations, fromRoot(cell), position),
  };
};

// 4 and 5. The interface for labs/course/cell.ts.
const jupyter = requireFromTslab("./jupyter");
const kernel = {
  controller: new AbortController(),
  // Set by labs/course/cell.ts: shows the value of a cell's last expression, or returns false if it has no rich form.
  showValue: undefined,
  display(data, id) {
    const update = id !== undefined && shownIds.has(id);
    if (id !== undefined) shownIds.add(id);
    const transient = id === undefined ? {} : { display_id: id };
    jupyter.lastWriteDisplayData({ data, metadata: {}, transient }, update);
  },
};
const shownIds = new Set();
globalThis[Symbol.for("lab.kernel")] = kernel;
process.on("SIGINT", () => {
  kernel.controller.abort();
  kernel.controller = new AbortController();
});

// 7.
const executorModule = requireFromTslab("./executor");
const { createExecutor } = executorModule;
executorModule.createExecutor = (folder, converters, console) =>
  createExecutor(folder, converters, {
    log: (value) => kernel.showValue?.(value) || console.log(value),
    error: (error, ...rest) =>
      console.error(/^(Lab|Usage)Error$/.test(error?.name) ? error.message : error, ...rest),
  });

requireFromTslab("./main").startKernel({ configPath: process.argv[2], enableFindLocal: false });
