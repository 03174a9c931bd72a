// Builds what the tests start as processes and open in a browser: each part that is older than what it is made of.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tsc = 'node_modules/typescript/bin/tsc';
const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
const library = {
  made: 'dist/broker/cli/main.js',
  of: ['lib', ...settings],
  by: [tsc, '-p', 'tsconfig.build.json', '--noCheck'],
};
const sample = {
  made: 'dist-sample/main.js',
  of: ['sample-app', ...settings],
  by: [tsc, '-p', 'sample-app', '--noCheck'],
};
const page = {
  made: 'dist/console/index.html',
  of: ['console', 'lib', ...settings],
  by: ['console/build.mjs'],
};

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function newestIn(path) {
  if (!statSync(path).isDirectory()) return /spec\.tsx?$/.test(path) ? 0 : changedAt(path);
  return Math.max(0, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}

async function build({ made, of, by }) {
  const result = join(root, made);
  const newest = Math.max(...of.map((path) => newestIn(join(root, path))));
  if (newest < changedAt(result)) return;
  const began = new Date();
  // Where it is broken off or fails, it is to be built again.
  rmSync(result, { force: true });
  const child = spawn(process.execPath, by, { cwd: root, stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code === 0) {
    // What has changed meanwhile may not be in it.
    utimesSync(result, began, began);
  } else {
    rmSync(result, { force: true });
    process.exitCode = 1;
  }
}

// The sample is compiled against the types of the library.
await Promise.all([build(library).then(() => build(sample)), build(page)]);
