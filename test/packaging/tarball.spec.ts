import { builtinModules } from 'node:module';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, posix, relative, sep } from 'node:path';
import { binary, run, succeed } from './command';
import { checkout, npmInstall, tarball, workbench } from './workbench';

interface Manifest {
  name: string;
  main: string;
  types: string;
  bin: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
  typesVersions: Record<string, Record<string, string[]>>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

let packed: string;
let files: string[];
let manifest: Manifest;

const read = (file: string) => readFile(join(packed, file), 'utf8');

beforeAll(async () => {
  const folder = join(workbench(), 'unpacked');
  await mkdir(folder);
  await succeed('tar', ['-xzf', tarball(), '-C', folder], { cwd: folder });
  packed = join(folder, 'package');
  files = await filesBelow(packed);
  manifest = JSON.parse(await read('package.json')) as Manifest;
});

describe('the tarball', () => {
  it('holds what is built from lib/, the manifest, README, LICENSE and CHANGELOG, and nothing else', async () => {
    const sources = await filesBelow(join(checkout, 'lib'));
    const built = sources
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
      .flatMap((file) => ['.js', '.d.ts'].map((ending) => `dist/${file.slice(0, -3)}${ending}`));

    expect([...files].sort()).toEqual(
      [...built, 'package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'].sort(),
    );
  });

  it('holds no tests, no pointer to a source map, and no path of the machine it was built on', async () => {
    const machinePaths = [checkout, `${homedir()}/`, workbench()];
    for (const file of files) {
      const text = await read(file);
      expect({ file, tests: /^\s*describe(\.each)?\(/m.test(text) }).toEqual({
        file,
        tests: false,
      });
      expect({ file, map: text.includes('sourceMappingURL') }).toEqual({ file, map: false });
      expect({ file, paths: machinePaths.filter((path) => text.includes(path)) }).toEqual({
        file,
        paths: [],
      });
    }
  });

  it('holds every file its manifest points at', () => {
    const targets = [
      manifest.main,
      manifest.types,
      ...Object.values(manifest.bin),
      ...Object.values(manifest.exports).flatMap((entry) =>
        typeof entry === 'string' ? [entry] : Object.values(entry),
      ),
      ...Object.values(manifest.typesVersions).flatMap((paths) => Object.values(paths).flat()),
    ];
    expect(
      targets.map((target) => posix.normalize(target)).filter((f) => !files.includes(f)),
    ).toEqual([]);
  });

  it('imports nothing it does not declare, in code and in declarations', async () => {
    const declared = new Set([
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.peerDependencies),
    ]);
    const undeclared: string[] = [];
    for (const file of files.filter((name) => /\.(js|d\.ts)$/.test(name))) {
      for (const specifier of importsOf(await read(file))) {
        const known = specifier.startsWith('.')
          ? resolves(file, specifier)
          : specifier.startsWith('node:') ||
            builtinModules.includes(specifier) ||
            declared.has(packageOf(specifier));
        if (!known) undeclared.push(`${file}: ${specifier}`);
      }
    }
    expect(undeclared).toEqual([]);
  });

  it('marks its commands as Node.js scripts', async () => {
    for (const script of Object.values(manifest.bin)) {
      expect((await read(posix.normalize(script))).split('\n')[0]).toBe('#!/usr/bin/env node');
    }
  });
});

describe('what checks packages for a living', () => {
  let folder: string;

  beforeAll(async () => {
    folder = join(workbench(), 'checkers');
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    await npmInstall(folder, 'publint@0.3.25', '@arethetypeswrong/cli@0.18.5');
  });

  it('publint has nothing to say against the tarball', async () => {
    const { code, stdout } = await run(binary(folder, 'publint'), [tarball(), '--strict'], {
      cwd: folder,
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('All good!') });
  });

  it('are-the-types-wrong finds types for every entry, under every kind of resolution', async () => {
    const { code, stdout } = await run(binary(folder, 'attw'), [tarball(), '--format', 'ascii'], {
      cwd: folder,
    });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('No problems found'),
    });
  });
});

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '');
  return [
    ...code.matchAll(/\b(?:require|import)\(\s*["']([^"']+)["']\s*[,)]|\bfrom\s+["']([^"']+)["']/g),
  ].map(([, called, from]) => called ?? from ?? '');
}

function resolves(file: string, specifier: string): boolean {
  const target = posix.join(posix.dirname(file), specifier);
  return ['', '.js', '.d.ts'].some((ending) => files.includes(`${target}${ending}`));
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
