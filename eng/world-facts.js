// node world-facts.js PACKAGE_DIR: prints the facts of every country as JSON, one country a line, ordered by code.
const fs = require("fs");
const path = require("path");

const read = name => JSON.parse(fs.readFileSync(path.join(process.argv[2], name), "utf8"));
const continents = read("continents.min.json");
const lines = Object.entries(read("countries.min.json"))
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([code, { name, capital, continent, currency }]) => {
    if (!name || !continents[continent] || !Array.isArray(currency)) throw new Error(`${code}: the package's form has changed`);
    return JSON.stringify({ code, name, capital: capital || null, continent: continents[continent], currency });
  });
process.stdout.write(`[\n${lines.join(",\n")}\n]\n`);
