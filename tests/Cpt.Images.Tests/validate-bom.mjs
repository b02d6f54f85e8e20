// validate-bom.mjs NODE_MODULES FILE: prints "valid", or what in FILE is not as the CycloneDX schema wants it.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const [modules, file] = process.argv.slice(2);
const { Validation, Spec } = createRequire(modules + '/')('@cyclonedx/cyclonedx-library');
const text = readFileSync(file, 'utf8');
const errors = await new Validation.JsonStrictValidator(Spec.Version['v' + JSON.parse(text).specVersion.replace('.', 'dot')]).validate(text);
console.log(errors === null ? 'valid' : JSON.stringify(errors, null, 2));
