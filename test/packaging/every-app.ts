import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command';
import { optionalPeersOf } from './manifest';
import type { Manifest } from './manifest';
import { onEachNode } from './node-versions';
import { npmInstall, tarball, workbench } from './workbench';

/** An app that the tarball is installed in. */
export interface App {
  folder: string;
  /** What npm warned about while it installed it. */
  warnings: readonly string[];
}

/** Installs what the app's manifest lists, the tarball, and `packages`. */
export async function installTarball(folder: string, ...packages: string[]): Promise<App> {
  return { folder, warnings: await npmInstall(folder, tarball(), ...packages) };
}

/** Declares what npm has to think of every app. */
export function itIsInstalledCleanly(app: () => App): void {
  it('installs without a warning about the package or what it brings along', async () => {
    const { folder, warnings } = app();
    const brought = await broughtAlong(folder);
    expect(brought).toContain('libsql');
    expect(
      warnings.filter(
        (line) =>
          line.includes('ERESOLVE') ||
          brought.some((name) => line.includes(` ${name}@`) || line.includes(`'${name}@`)),
      ),
    ).toEqual([]);
  });

  it('has every peer, in a version that fits, and once', async () => {
    const { folder } = app();
    const { code, stdout } = await run('npm', ['ls', '--all', '--json'], { cwd: folder });
    const { problems = [] } = JSON.parse(stdout) as { problems?: string[] };
    expect({ code, problems }).toEqual({ code: 0, problems: [] });

    const { packages } = await lockfile(folder);
    const copies = Object.keys(packages).filter((path) =>
      /(^|\/)node_modules\/(@nestjs\/(common|core)|nestjs-cls|reflect-metadata)$/.test(path),
    );
    expect(copies.sort()).toEqual([
      'node_modules/@nestjs/common',
      'node_modules/@nestjs/core',
      'node_modules/nestjs-cls',
      'node_modules/reflect-metadata',
    ]);
  });
}

/** Declares what the built `apps/scenario` has to report, on each platform and each Node.js. */
export function itPlaysTheScenario(app: () => App): void {
  onEachNode(({ version, folder: nodeFolder }) => {
    it.each(['express', 'fastify'])(
      'charges under a key of its own, is refused above the cap and leaves unmarked handlers alone, on %s',
      async (platform) => {
        const { folder } = app();
        const store = join(await mkdtemp(join(workbench(), 'store-')), 'vault-key.db');
        const { code, stdout, stderr } = await run(
          'node',
          ['dist/scenario.js', platform, `sqlite:${store}`],
          { cwd: folder, nodeFolder },
        );
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect(JSON.parse(stdout)).toEqual({
          node: expect.stringMatching(`^${version}`),
          platform,
          charge: {
            status: 201,
            body: { intent: expect.stringMatching(/^pi_/), key: expect.stringMatching(/^vk_/) },
          },
          overCap: {
            status: 402,
            body: expect.objectContaining({ error: 'spend_cap_exceeded', retryable: false }),
          },
          unmarked: { status: 200, body: { key: null } },
          executed: [{ kind: 'charge', amount: 2_000 }],
          keysInFile: ['revoked', 'revoked'],
        });
      },
    );
  });
}

type Installed = Pick<Manifest, 'dependencies' | 'peerDependencies' | 'peerDependenciesMeta'> & {
  optionalDependencies?: Record<string, string>;
};

interface Lockfile {
  packages: Record<string, Installed>;
}

async function lockfile(folder: string): Promise<Lockfile> {
  return JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as Lockfile;
}

/** The names of what the package needs, however deep, beyond what the app asks for itself. */
async function broughtAlong(folder: string): Promise<string[]> {
  const { packages } = await lockfile(folder);
  const own = Object.keys(packages['']?.dependencies ?? {});
  const names = new Set(['nestjs-vault-key']);
  for (const name of names) {
    const installed = packages[`node_modules/${name}`] ?? {};
    const theirs = [...own, ...optionalPeersOf(installed)];
    Object.keys({
      ...installed.dependencies,
      ...installed.peerDependencies,
      ...installed.optionalDependencies,
    })
      .filter((needed) => !theirs.includes(needed))
      .forEach((needed) => names.add(needed));
  }
  return [...names];
}
