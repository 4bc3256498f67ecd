// Every command of the lab imports this first. If Node is too old or the packages are missing, it exits with a
// message of one line instead of a stack trace. It must run on any version of Node, so it uses only old syntax.
"use strict";
var fs = require("fs");
var path = require("path");

var REQUIRED = require("../package.json")
  .engines.node.replace(/[^0-9.]/g, "")
  .split(".");
var found = process.versions.node.split(".");
var isOld =
  Number(found[0]) < Number(REQUIRED[0]) ||
  (found[0] === REQUIRED[0] && Number(found[1]) < Number(REQUIRED[1]));

function exitWith(message) {
  process.stderr.write(message + "\n");
  process.exit(1);
}

if (isOld) {
  exitWith(
    "Node " +
      REQUIRED.join(".") +
      " or later is required, but this is Node " +
      process.versions.node +
      ": source setup/node.sh",
  );
}
if (
  process.argv[2] !== "--version-only" &&
  !fs.existsSync(path.join(__dirname, "../node_modules/tsx"))
) {
  exitWith("the npm packages are not installed: source setup/node.sh && npm ci");
}
