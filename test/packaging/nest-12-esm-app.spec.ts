import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { binary, run, start, succeed } from './command';
import { nodeFolder, onEachNode } from './node-versions';
import { complaints, resolutions } from './type-resolution';
import { createApp, npmInstall, tarball } from './workbench';

const settings = {
  KEYBRAKE_TOKEN: 'packaging-suite-token-of-forty-characters',
  STRIPE_SECRET_KEY: 'sk_test_packaging',
};

let app: string;

beforeAll(async () => {
  app = await createApp('nest-12-esm');
  await npmInstall(app, tarball());
  await succeed('npm', ['run', 'build'], { cwd: app });
});

describe('a Nest 12 app of ES modules', () => {
  const charged = {
    issued: 'packaging',
    charge: {
      status: 201,
      body: { intent: expect.stringMatching(/^pi_/), key: expect.stringMatching(/^vk_/) },
    },
    overCap: { status: 402, body: expect.objectContaining({ error: 'spend_cap_exceeded' }) },
    unmarked: { status: 200, body: { key: null } },
  };

  it('needs one package on its install line', async () => {
    const { dependencies } = JSON.parse(await readFile(join(app, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(Object.keys(dependencies)).toEqual([
      '@nestjs/common',
      '@nestjs/core',
      '@nestjs/platform-express',
      'nestjs-vault-key',
      'reflect-metadata',
      'rxjs',
    ]);
  });

  it('runs a marked handler from the tarball', async () => {
    const { stdout, stderr } = await run('node', ['dist/main.js'], { cwd: app });
    expect({ report: parsed(stdout), stderr }).toMatchObject({ report: charged, stderr: '' });
  });

  it('gets the same classes by import and by require', async () => {
    await writeFile(
      join(app, 'same.mjs'),
      `import { createRequire } from 'node:module';
       const require = createRequire(import.meta.url);
       for (const entry of ['', '/broker', '/testing', '/package.json']) {
         const name = 'nestjs-vault-key' + entry;
         if (entry === '/package.json') require(name);
         else {
           const [imported, required] = [await import(name), require(name)];
           const names = Object.keys(required);
           if (names.length === 0) throw new Error(name + ' exports nothing');
           for (const key of names) {
             if (imported[key] !== required[key]) throw new Error(name + ': ' + key);
           }
         }
       }`,
    );
    await succeed('node', ['same.mjs'], { cwd: app });
  });

  it.each(resolutions)(
    'finds types under moduleResolution $moduleResolution',
    async (resolution) => {
      const deprecated = resolution.moduleResolution === 'node10';
      expect(
        await complaints(app, resolution, deprecated ? { ignoreDeprecations: '6.0' } : {}),
      ).toBe('');
    },
  );

  it('finds declarations that are sound by themselves', async () => {
    const found = await complaints(app, resolutions[2], { skipLibCheck: false });
    expect(found.split('\n').filter((line) => line.includes('nestjs-vault-key'))).toEqual([]);
  });

  onEachNode((version) => {
    it('runs a marked handler', async () => {
      const { stdout, stderr } = await run('node', ['dist/main.js'], {
        cwd: app,
        nodeFolder: nodeFolder(version),
      });
      const report = parsed(stdout);
      expect({ report, stderr }).toMatchObject({ report: charged, stderr: '' });
      expect(report).toMatchObject({ node: expect.stringMatching(`^v${version}`) });
    });

    it('starts the broker and ends it on SIGTERM', async () => {
      await expect(serveAndStop(nodeFolder(version))).resolves.toEqual({
        line: expect.stringMatching(/^vault-key-broker listening on http:\/\/127\.0\.0\.1:\d+$/),
        code: 0,
      });
    });
  });
});

describe('the installed command', () => {
  const broker = (args: string[], env: Record<string, string>) =>
    run(binary(app, 'vault-key-broker'), args, { cwd: app, env });

  it('has the run bit', async () => {
    const { mode } = await stat(binary(app, 'vault-key-broker'));
    expect(mode & 0o111).toBe(0o111);
  });

  it('is found by npx, explains itself and exits 0', async () => {
    const help = await succeed('npx', ['--no-install', 'vault-key-broker', '--help'], { cwd: app });
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

/** The last line an app printed, which is its report. */
function parsed(stdout: string): unknown {
  return JSON.parse(stdout.trim().split('\n').at(-1) || '{}');
}

async function serveAndStop(folder: string): Promise<{ line: string; code: number | null }> {
  const child = start(
    binary(app, 'vault-key-broker'),
    ['--port', '0', '--store', 'sqlite::memory:'],
    { cwd: app, nodeFolder: folder, env: settings },
  );
  child.stderr.pipe(process.stderr);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const printed = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  const line = await Promise.race([printed.then(([text]) => text), exited.then(() => '')]);
  child.kill('SIGTERM');
  const [code] = await exited;
  return { line, code };
}
