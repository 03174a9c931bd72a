import { existsSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { binary, run, succeed } from './command';
import { installTarball, itIsInstalledCleanly } from './every-app';
import type { App } from './every-app';
import { entriesOf, manifestIn, optionalPeersOf } from './manifest';
import type { Manifest } from './manifest';
import { jestEntries, nameOf, optionalPeerUses, peersOf, silentPeers } from './optional-peers';
import type { OptionalPeerUse } from './optional-peers';
import { createApp, npmInstall } from './workbench';

const nest11 = ['common', 'core', 'platform-express', 'platform-fastify'].map(
  (name) => `@nestjs/${name}@11`,
);

/** One way to come across a use: entries are met by import and by require. */
interface Attempt {
  use: OptionalPeerUse;
  way: 'import' | 'require';
  name: string;
  title: string;
}

const attempts = optionalPeerUses.flatMap((use): Attempt[] =>
  'entry' in use
    ? (['import', 'require'] as const).map((way) => ({
        use,
        way,
        name: imported(use.entry),
        title: `${way} of ${imported(use.entry)}`,
      }))
    : [{ use, way: 'import', name: use.file, title: use.use }],
);

describe.each([
  { nest: 12, versions: [], packagesOf: ({ packages }: OptionalPeerUse) => packages },
  {
    nest: 11,
    versions: nest11,
    packagesOf: ({ packages, packagesForNest11 = packages }: OptionalPeerUse) => packagesForNest11,
  },
])('an app on Nest $nest with none of the optional peers', ({ nest, versions, packagesOf }) => {
  let app: App;
  let manifest: Manifest;

  const loadable = () =>
    entriesOf(manifest).filter((entry) => jestEntries.every((row) => row.entry !== entry));
  const attempt = (way: string, name: string) =>
    run('node', ['attempt.mjs', way, name], { cwd: app.folder });

  beforeAll(async () => {
    const folder = await createApp(`optional-peers-nest-${nest}`, 'nest-12', 'optional-peers');
    app = await installTarball(folder, ...versions);
    // Fastify brings it along.
    rmSync(join(app.folder, 'node_modules/pino'), { recursive: true, force: true });
    manifest = await manifestIn(join(folder, 'node_modules/nestjs-vault-key'));
  });

  it('has none of them', () => {
    const optional = optionalPeersOf(manifest);
    expect(optional).not.toEqual([]);
    expect(optional.filter((name) => existsSync(join(app.folder, 'node_modules', name)))).toEqual(
      [],
    );
  });

  it('is told of every one of them', () => {
    const told = new Set(
      [...optionalPeerUses, ...jestEntries].flatMap(({ packages }) => packages.map(nameOf)),
    );
    for (const name of silentPeers) told.add(name);
    expect([...told].sort()).toEqual(optionalPeersOf(manifest).sort());
  });

  it('loads every entry that needs none, by import and by require', async () => {
    const entries = loadable().filter((entry) => peersOf(entry).length === 0);
    expect(entries).toContain('.');
    await succeed('node', ['same-classes.mjs', ...entries.map(imported)], { cwd: app.folder });
  });

  it('starts', async () => {
    await succeed('node', ['embedded-broker.mjs'], { cwd: app.folder });
  });

  it.each(attempts)(
    'is told in one line what to install for $title',
    async ({ use, way, name }) => {
      const { code, stdout } = await attempt(way, name);
      const lines = stdout.trim().split('\n');
      const advice = lines.filter((line) => line.includes('npm install'));
      expect({ code, advice }).toEqual({
        code: 1,
        advice: [expect.stringContaining(`npm install ${use.packages.join(' ')}`)],
      });
      if ('entry' in use) expect(lines).toHaveLength(1);
    },
  );

  describe('that installs what it was told', () => {
    beforeAll(async () => {
      const packages = new Set(optionalPeerUses.flatMap(packagesOf));
      app = { ...app, warnings: await npmInstall(app.folder, ...packages) };
    });

    itIsInstalledCleanly(() => app);

    it.each(attempts)('is served: $title', async ({ way, name }) => {
      const { code, stdout, stderr } = await attempt(way, name);
      expect({ code, stderr, stdout }).toMatchObject({ code: 0, stderr: '' });
    });

    it('gets the same classes by import and by require, whatever the entry', async () => {
      await succeed('node', ['same-classes.mjs', ...loadable().map(imported)], {
        cwd: app.folder,
      });
    });

    it('finds declarations that are sound by themselves in the entries that need them', async () => {
      const lines = loadable()
        .filter((entry) => peersOf(entry).length > 0)
        .map((entry, i) => `export * as entry${i} from '${imported(entry)}';`);
      await mkdir(join(app.folder, 'src'));
      await writeFile(join(app.folder, 'src/entries.ts'), ['export {};', ...lines].join('\n'));
      const { stdout } = await run(binary(app.folder, 'tsc'), ['--noEmit'], { cwd: app.folder });
      expect(stdout.split('\n').filter((line) => line.includes('nestjs-vault-key'))).toEqual([]);
    });
  });
});

/** What is written behind `from` to import an entry. */
function imported(entry: string): string {
  return posix.join('nestjs-vault-key', entry);
}
