// Whether Ajv compiles every JSON Schema of a folder, strictly, and takes its example; prints each that it does not, and how many there were.
//
//   node validate_json_schemas.mjs FOLDER_OF_NODE_MODULES FOLDER_OF_SCHEMAS EXAMPLES
//
// EXAMPLES is a JSON file: an example by the name of its record.

import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [modules, folder, examples] = process.argv.slice(2);
const require = createRequire(`${resolve(modules)}/`);
const Ajv2020 = require("ajv/dist/2020").default;
const addFormats = require("ajv-formats");

const known = JSON.parse(await readFile(examples, "utf8"));
let wrong = 0;
const files = (await readdir(folder)).filter((name) => name.endsWith(".schema.json"));
for (const file of files) {
  const record = file.replace(".schema.json", "");
  const ajv = addFormats(new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }), ["date", "date-time", "uuid"]);
  // Says what a text stands for, and restricts nothing.
  ajv.addFormat("binary", true);
  try {
    const takes = ajv.compile(JSON.parse(await readFile(`${folder}/${file}`, "utf8")));
    if (takes(known[record]) && !takes({ ...known[record], unheard_of: 1 })) continue;
    console.log(`${record}: ${ajv.errorsText(takes.errors)}`);
  } catch (error) {
    console.log(`${record}: ${error.message}`);
  }
  wrong += 1;
}
console.log(`${files.length} schemas, ${wrong} wrong`);
process.exit(wrong ? 1 : 0);
