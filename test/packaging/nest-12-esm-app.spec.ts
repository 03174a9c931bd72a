import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { binary, run, start, succeed } from './command';
import { installTarball, itIsInstalledCleanly, itPlaysTheScenario } from './every-app';
import type { App } from './every-app';
import { manifestIn } from './manifest';
import { onEachNode } from './node-versions';
import { complaints, resolutions } from './type-resolution';
import { createApp } from './workbench';

const settings = {
  KEYBRAKE_TOKEN: 'packaging-suite-token-of-forty-characters',
  STRIPE_SECRET_KEY: 'sk_test_packaging',
};

let app: App;

beforeAll(async () => {
  const folder = await createApp('nest-12-esm', 'nest-12', 'scenario');
  await succeed('npm', ['pkg', 'set', 'type=module'], { cwd: folder });
  app = await installTarball(folder);
  await succeed('npm', ['run', 'build'], { cwd: folder });
});

describe('a Nest 12 app of ES modules, compiled with skipLibCheck: false', () => {
  it('needs one package on its install line', async () => {
    const { dependencies } = await manifestIn(app.folder);
    expect(Object.keys(dependencies ?? {})).toEqual([
      '@nestjs/common',
      '@nestjs/core',
      '@nestjs/platform-express',
      '@nestjs/platform-fastify',
      'nestjs-vault-key',
      'reflect-metadata',
      'rxjs',
    ]);
  });

  itIsInstalledCleanly(() => app);

  it.each(resolutions)(
    'finds types under moduleResolution $moduleResolution',
    async (resolution) => {
      const deprecated = resolution.moduleResolution === 'node10';
      expect(
        await complaints(app.folder, resolution, deprecated ? { ignoreDeprecations: '6.0' } : {}),
      ).toBe('');
    },
  );

  itPlaysTheScenario(() => app);
});

describe('the installed command', () => {
  onEachNode(({ folder }) => {
    it('starts the broker and ends it on SIGTERM', async () => {
      await expect(serveAndStop(folder)).resolves.toEqual({
        line: expect.stringMatching(/^vault-key-broker listening on http:\/\/127\.0\.0\.1:\d+$/),
        code: 0,
      });
    });
  });

  const broker = (args: string[], env: Record<string, string>) =>
    run(binary(app.folder, 'vault-key-broker'), args, { cwd: app.folder, env });

  it('has the run bit', async () => {
    const { mode } = await stat(binary(app.folder, 'vault-key-broker'));
    expect(mode & 0o111).toBe(0o111);
  });

  it('is found by npx, explains itself and exits 0', async () => {
    const help = await succeed('npx', ['--no-install', 'vault-key-broker', '--help'], {
      cwd: app.folder,
    });
    expect(help).toContain('--store');
  });

  it('exits 2 with one line that names a bad setting', async () => {
    const { code, stdout, stderr } = await broker(['--store', 'nonsense:'], settings);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^[^\n]*store[^\n]*\n$/);
  });

  it('exits 2 with one line where the token is missing', async () => {
    const { code, stdout, stderr } = await broker([], {
      STRIPE_SECRET_KEY: settings.STRIPE_SECRET_KEY,
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^[^\n]*KEYBRAKE_TOKEN[^\n]*\n$/);
  });
});

async function serveAndStop(nodeFolder?: string): Promise<{ line: string; code: number | null }> {
  const child = start(
    binary(app.folder, 'vault-key-broker'),
    ['--port', '0', '--store', 'sqlite::memory:'],
    { cwd: app.folder, nodeFolder, env: settings },
  );
  child.stderr.pipe(process.stderr);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const printed = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  const line = await Promise.race([printed.then(([text]) => text), exited.then(() => '')]);
  child.kill('SIGTERM');
  const [code] = await exited;
  return { line, code };
}
