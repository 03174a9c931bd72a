import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { binary, run, succeed } from './command';
import type { CommandResult } from './command';
import { createApp, npmInstall, tarball, workbench } from './workbench';

const BANNER =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
/** What has to lie beside a bundle. */
const DRIVER = ['libsql', '@libsql', '@neon-rs', 'detect-libc'];
const BUNDLES = [
  ['esbuild.cjs', ['--format=cjs', '--external:libsql']],
  ['esbuild.mjs', ['--format=esm', '--external:libsql', `--banner:js=${BANNER}`]],
  ['esbuild-whole.cjs', ['--format=cjs']],
  ['esbuild-names.cjs', ['--format=cjs', '--external:libsql', '--keep-names', '--minify']],
  ['esbuild-whole.mjs', ['--format=esm', `--banner:js=${BANNER}`]],
] as const;
const NAMES = [...BUNDLES.map(([name]) => name), 'webpack.cjs', 'webpack.mjs'];

let app: string;

beforeAll(async () => {
  app = await createApp('bundles', 'bundles');
  await npmInstall(app, tarball(), 'esbuild@0.25', 'webpack@5', 'webpack-cli@6');
  for (const [name, options] of BUNDLES) {
    const output = ['--bundle', '--platform=node', '--log-level=warning', `--outfile=out/${name}`];
    await succeed(binary(app, 'esbuild'), ['start.mjs', ...output, ...options], { cwd: app });
  }
  await succeed(binary(app, 'webpack'), ['--config', 'webpack.config.cjs'], { cwd: app });
});

/** Runs a bundle in a folder with these packages beside it and nothing else. */
async function runAlone(bundle: string, ...packages: string[]): Promise<CommandResult> {
  const folder = await mkdtemp(join(workbench(), 'bundle-'));
  await cp(join(app, 'out', bundle), join(folder, bundle));
  await mkdir(join(folder, 'node_modules'));
  for (const name of packages) {
    await cp(join(app, 'node_modules', name), join(folder, 'node_modules', name), {
      recursive: true,
    });
  }
  const result = await run(process.execPath, [bundle, join(folder, 'vault-key.db')], {
    cwd: folder,
  });
  await rm(folder, { recursive: true });
  return result;
}

describe.each(NAMES)('the bundle %s', (name) => {
  it('runs with the driver beside it', async () => {
    expect(await runAlone(name, ...DRIVER)).toEqual({
      code: 0,
      stdout: '{"kind":"sqlite","durability":"full"}\n',
      stderr: '',
    });
  });

  it.each([
    ['driver', []],
    ["driver's binary", DRIVER.filter((each) => each !== '@libsql')],
  ])('names the package, the platform and the fix without the %s', async (_what, packages) => {
    const { code, stdout } = await runAlone(name, ...packages);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^SqliteDriverError: The SQLite driver is missing: .*libsql/);
    expect(stdout).toContain(`${process.platform}-${process.arch}`);
    expect(stdout).toContain('Run npm install libsql');
    expect(stdout).not.toContain('The store');
  });
});
