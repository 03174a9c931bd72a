import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binary, succeed } from './command';
import { nodeFolder, onEachNode } from './node-versions';
import { complaints, resolutions } from './type-resolution';
import { copyApp, npmInstall, tarball, workbench } from './workbench';

/** What stands before and after our files join the app, and must not have changed. */
interface Setup {
  tsconfig: string;
  buildTsconfig: string;
  jest: unknown;
}

let app: string;
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
  app = join(cli, 'app');
  scaffolded = await setup();

  // @nestjs/axios 12 is a set of ES modules, which this app's Jest cannot require() below Node 24.9.
  await npmInstall(app, tarball(), '@nestjs/axios@4');
  await copyApp('nest-11-cli', app);
});

describe('an app scaffolded by the Nest 11 CLI', () => {
  it('keeps the tsconfig and the Jest configuration it was born with', async () => {
    expect(await setup()).toEqual(scaffolded);
  });

  it('stays on Nest 11', async () => {
    for (const name of ['common', 'core']) {
      expect(await installed(`@nestjs/${name}`)).toMatch(/^11\./);
    }
  });

  it('builds', async () => {
    await succeed('npm', ['run', 'build'], { cwd: app });
  });

  it.each(resolutions)(
    'finds types under moduleResolution $moduleResolution',
    async (resolution) => {
      expect(await complaints(app, resolution)).toBe('');
    },
  );

  onEachNode((version) => {
    it('passes its own npm test', async () => {
      await succeed('npm', ['test'], { cwd: app, nodeFolder: nodeFolder(version) });
    });
  });
});

async function setup(): Promise<Setup> {
  const read = (file: string) => readFile(join(app, file), 'utf8');
  return {
    tsconfig: await read('tsconfig.json'),
    buildTsconfig: await read('tsconfig.build.json'),
    jest: (JSON.parse(await read('package.json')) as { jest: unknown }).jest,
  };
}

async function installed(name: string): Promise<string> {
  const manifest = await readFile(join(app, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
