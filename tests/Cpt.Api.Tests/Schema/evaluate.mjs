// Evaluates CEL rules: [{rule, self, oldSelf?}, …] on standard input, [true | false | "why not", …] on standard output. usage: node evaluate.mjs DIRECTORY
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(pathToFileURL(join(process.argv[2], "from-here.js")));
const { run } = require("@bufbuild/cel");

// JSON has one kind of number; the specs of runs have whole numbers alone.
const typed = (value) =>
  typeof value === "number" ? BigInt(value)
    : Array.isArray(value) ? value.map(typed)
      : value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, typed(inner)]))
        : value;

let text = "";
for await (const chunk of process.stdin) text += chunk;
console.log(JSON.stringify(JSON.parse(text).map(({ rule, ...variables }) => {
  try {
    const result = run(rule, typed(variables));
    return typeof result === "boolean" ? result : String(result);
  } catch (error) {
    return String(error);
  }
})));
