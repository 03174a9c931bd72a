import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { succeed } from './command';
import { fetchNodeVersions } from './node-versions';
import { checkout } from './workbench';

/** Packs the checkout, and fetches the Node.js versions to try it on. */
export default async function pack(): Promise<void> {
  const workbench = await realpath(await mkdtemp(join(tmpdir(), 'vault-key-packaging-')));
  process.env.PACKAGING_WORKBENCH = workbench;

  // The script this suite runs under has just built; `prepack` would only build again.
  const packed = await succeed(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', workbench],
    { cwd: checkout },
  );
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  process.env.PACKAGING_TARBALL = join(workbench, filename);

  await fetchNodeVersions();
}
