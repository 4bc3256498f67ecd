"use strict";
// The lab's TypeScript kernel: tslab, started so that a notebook can work with labs/. What tslab 1.0.22 does not do:
//
//   1. A cell may import `../labs/…`, although tslab takes only what lies below its working directory.
//   2. After a file of labs/ was edited, the next cell that imports anything of labs/ gets all of it anew: tslab
//      compiles again only the edited file, and the modules that had imported it would keep the old one.
//   3. Cells are checked strictly, as labs/ is: without that TypeScript cannot narrow `{ok: true} | {ok: false}`.
//   4. An interrupt aborts a signal that loops can listen to (labs/notebook.ts): tslab only stops waiting for them.
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

const converterModule = requireThere("./converter");
const { createConverter } = converterModule;
converterModule.createConverter = (options) => {
  const converter = createConverter(options);
  return {
    ...converter,
    convert(declarations, cell) {
      reloadEdited();
      return converter.convert(declarations, fromRoot(cell));
    },
    inspect: (declarations, cell, position) =>
      converter.inspect(declarations, fromRoot(cell), position),
    complete: (declarations, cell, position) =>
      converter.complete(declarations, fromRoot(cell), position),
  };
};

// 4.
const interrupt = { controller: new AbortController() };
globalThis[Symbol.for("lab.interrupt")] = interrupt;
process.on("SIGINT", () => {
  interrupt.controller.abort();
  interrupt.controller = new AbortController();
});

requireThere("./main").startKernel({ configPath: process.argv[2], enableFindLocal: false });
