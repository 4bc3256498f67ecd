// The first thing that each command of the lab runs: it says in one line that Node is too old or the packages
// are missing, where everything else would end with a stack trace. So it must run on any Node: old syntax only.
"use strict";
var fs = require("fs");
var path = require("path");

var WANTED = require("../package.json")
  .engines.node.replace(/[^0-9.]/g, "")
  .split(".");
var found = process.versions.node.split(".");
var isOld =
  Number(found[0]) < Number(WANTED[0]) ||
  (found[0] === WANTED[0] && Number(found[1]) < Number(WANTED[1]));

function end(message) {
  process.stderr.write(message + "\n");
  process.exit(1);
}

if (isOld) {
  end(
    "Node " +
      WANTED.join(".") +
      " or later is needed, and this is Node " +
      process.versions.node +
      ": source setup/node.sh",
  );
}
if (
  process.argv[2] !== "--version-only" &&
  !fs.existsSync(path.join(__dirname, "../node_modules/tsx"))
) {
  end("the npm packages are not installed: source setup/node.sh && npm ci");
}
