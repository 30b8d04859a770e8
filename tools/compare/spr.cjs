// spr.cjs MODULES FOLDER : makes FOLDER smaller as serverless-python-requirements does with `slim: true`, by its own
// code in MODULES: its strip command, whose failures it does not heed either, then its deletions.
"use strict";

const { spawnSync } = require("node:child_process");
const path = require("node:path");

// Node's own last words are its version.
process.on("uncaughtException", (error) => {
  console.error(error.message.split("\n")[0]);
  process.exit(1);
});

const [modules, folder] = process.argv.slice(2).map((name) => path.resolve(name));
const { deleteFiles, getStripCommand } = require(path.join(modules, "serverless-python-requirements/lib/slim.js"));

const options = { slim: true };
const [program, ...words] = getStripCommand(options, folder);
spawnSync(program, words, { stdio: "ignore" });
deleteFiles(options, folder);
