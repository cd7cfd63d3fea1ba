// What AsyncAPI's own parser finds wrong with a document; prints each error, and how many channels and messages it read.
//
//   node validate_asyncapi.mjs FOLDER_OF_NODE_MODULES DOCUMENT

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [modules, document] = process.argv.slice(2);
const require = createRequire(`${resolve(modules)}/`);
const { Parser } = require("@asyncapi/parser");
const { AvroSchemaParser } = require("@asyncapi/avro-schema-parser");

const parser = new Parser({ schemaParsers: [AvroSchemaParser()] });
const parsed = await parser.parse(await readFile(document, "utf8"));
const errors = parsed.diagnostics.filter((found) => found.severity === 0);
for (const error of errors) console.log(`${error.path.join(".")}: ${error.message}`);
if (parsed.document) console.log(`${parsed.document.channels().length} channels, ${parsed.document.operations().length} operations`);
process.exit(errors.length || !parsed.document ? 1 : 0);
