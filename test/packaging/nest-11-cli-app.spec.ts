import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binary, succeed } from './command';
import { installTarball, itIsInstalledCleanly, itPlaysTheScenario } from './every-app';
import type { App } from './every-app';
import { manifestIn } from './manifest';
import { onEachNode } from './node-versions';
import { complaints, resolutions } from './type-resolution';
import { copyApp, npmInstall, workbench } from './workbench';

/** What stands before and after our files join the app, and must not have changed. */
interface Setup {
  tsconfig: string;
  buildTsconfig: string;
  jest: unknown;
}

let app: App;
let folder: string;
let scaffolded: Setup;

beforeAll(async () => {
  const cli = join(workbench(), 'nest-11-cli');
  await mkdir(cli);
  await writeFile(join(cli, 'package.json'), '{ "private": true }');
  await npmInstall(cli, '@nestjs/cli@11.0.13');
  await succeed(
    binary(cli, 'nest'),
    ['new', 'app', '--package-manager', 'npm', '--skip-git', '--skip-install'],
    { cwd: cli },
  );
  folder = join(cli, 'app');
  scaffolded = await setup();

  app = await installTarball(
    folder,
    '@nestjs/platform-fastify@11',
    '@nestjs/websockets@11',
    '@nestjs/platform-socket.io@11',
    'socket.io-client@4',
  );
  await copyApp('nest-11-cli', folder);
  await copyApp('scenario', folder);
  await succeed('npm', ['run', 'build'], { cwd: folder });
});

describe('an app scaffolded by the Nest 11 CLI', () => {
  it('keeps the tsconfig and the Jest configuration it was born with', async () => {
    expect(await setup()).toEqual(scaffolded);
  });

  it('stays on Nest 11', async () => {
    for (const name of ['common', 'core', 'platform-fastify']) {
      const { version } = await manifestIn(join(folder, 'node_modules/@nestjs', name));
      expect(version).toMatch(/^11\./);
    }
  });

  itIsInstalledCleanly(() => app);

  it('compiles with the declarations of all it uses checked', async () => {
    await succeed(
      binary(folder, 'tsc'),
      ['--noEmit', '--incremental', 'false', '--skipLibCheck', 'false'],
      { cwd: folder },
    );
  });

  it.each(resolutions)(
    'finds types under moduleResolution $moduleResolution',
    async (resolution) => {
      expect(await complaints(folder, resolution)).toBe('');
    },
  );

  onEachNode(({ folder: nodeFolder }) => {
    it('passes its own npm test', async () => {
      await succeed('npm', ['test'], { cwd: folder, nodeFolder });
    });
  });

  itPlaysTheScenario(() => app);
});

async function setup(): Promise<Setup> {
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  return {
    tsconfig: await read('tsconfig.json'),
    buildTsconfig: await read('tsconfig.build.json'),
    jest: (JSON.parse(await read('package.json')) as { jest: unknown }).jest,
  };
}
