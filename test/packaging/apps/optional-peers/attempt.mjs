// node attempt.mjs <import|require> <module>: loads it, and where that fails prints the message.
import { createRequire } from 'node:module';

const [, , way, name] = process.argv;
try {
  if (way === 'require') createRequire(import.meta.url)(name);
  else await import(name);
} catch (error) {
  console.log(error.message);
  process.exitCode = 1;
}
