// node same-classes.mjs <entry>…: what import and require hand out has to be one and the same.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
for (const name of process.argv.slice(2)) {
  const required = require(name);
  const imported = await import(name);
  const names = Object.keys(required);
  if (names.length === 0) throw new Error(`${name} exports nothing`);
  for (const key of names) {
    if (imported[key] !== required[key]) throw new Error(`${name}: ${key}`);
  }
}
