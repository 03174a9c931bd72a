import { builtinModules } from 'node:module';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, posix, relative, sep } from 'node:path';
import { binary, run, succeed } from './command';
import { entriesOf, manifestIn, optionalPeersOf } from './manifest';
import type { Manifest } from './manifest';
import { peersOf } from './optional-peers';
import { checkout, npmInstall, tarball, workbench } from './workbench';

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
  manifest = await manifestIn(packed);
});

describe('the tarball', () => {
  it('holds what is built from lib/ and console/, the manifest, README, LICENSE, CHANGELOG and docs/ without its images, and nothing else', async () => {
    const sources = await filesBelow(join(checkout, 'lib'));
    const built = sources
      .filter((file) => file.endsWith('.ts') && !/\.(?:e2e-)?spec\.ts$/.test(file))
      // The rules are tested on it; nobody keeps money in it.
      .filter((file) => !file.startsWith('broker/ledger/memory/'))
      .flatMap((file) => ['.js', '.d.ts'].map((ending) => `dist/${file.slice(0, -3)}${ending}`));

    const pages = (await filesBelow(join(checkout, 'docs')))
      .map((page) => `docs/${page}`)
      // The repository shows them, in its README.
      .filter((page) => !page.startsWith('docs/images/'));
    expect(pages).not.toEqual([]);
    const page = files.filter((file) => file.startsWith('dist/console/'));
    expect(page).toHaveLength(4);
    expect(page).toContain('dist/console/index.html');
    expect([...files].sort()).toEqual(
      [...built, ...page, ...pages, 'package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'].sort(),
    );
  });

  it('holds no tests, no pointer to a source map, and no path of the machine it was built on', async () => {
    const machinePaths = [checkout, `${homedir()}/`, workbench()];
    for (const file of files) {
      const text = await read(file);
      expect({
        file,
        tests: file.endsWith('.js') && /^\s*describe(\.each)?\(/m.test(text),
      }).toEqual({
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
    expect(targets().filter((file) => !files.includes(file))).toEqual([]);
  });

  it('holds no code that nothing imports', async () => {
    const reached = await reachableFrom(targets().filter((file) => file.startsWith('dist/')));
    const unreached: string[] = [];
    // What index.html names, test/console looks after.
    const code = files.filter((name) => name.endsWith('.js') && !name.startsWith('dist/console/'));
    for (const file of code.filter((name) => !reached.has(name))) {
      if (!declaresTypesOnly.test(await read(file))) unreached.push(file);
    }
    expect(unreached).toEqual([]);
  });

  it('stays small', async () => {
    const sizes = await Promise.all(
      files.map(async (file) => (await stat(join(packed, file))).size),
    );
    const kilobytes = (bytes: number) => bytes / 1_000;
    expect(kilobytes((await stat(tarball())).size)).toBeLessThan(1_200);
    // The pages, glossary and decisions are some 300 of them, Stripe's calls with their parameters 300, the
    // operators' page 140.
    expect(kilobytes(sizes.reduce((sum, size) => sum + size))).toBeLessThan(4_000);
  });

  it('imports nothing it does not declare, in code and in declarations', async () => {
    const declared = new Set([
      manifest.name,
      ...Object.keys(manifest.dependencies ?? {}),
      ...Object.keys(manifest.peerDependencies ?? {}),
    ]);
    const undeclared: string[] = [];
    for (const file of files.filter((name) => /^(?!dist\/console\/).*\.(js|d\.ts)$/.test(name))) {
      for (const specifier of importsOf(await read(file))) {
        const known = specifier.startsWith('.')
          ? resolved(file, specifier) !== undefined
          : specifier.startsWith('node:') ||
            builtinModules.includes(specifier) ||
            declared.has(packageOf(specifier));
        if (!known) undeclared.push(`${file}: ${specifier}`);
      }
    }
    expect(undeclared).toEqual([]);
  });

  it('names an optional peer in no declaration but those of the entry that is for it', async () => {
    const optional = optionalPeersOf(manifest);
    expect(optional).not.toEqual([]);
    const named: string[] = [];
    for (const entry of entriesOf(manifest)) {
      const { types } = manifest.exports[entry] as { types: string };
      const foreign = optional.filter((name) => !peersOf(entry).includes(name));
      for (const file of await reachableFrom([posix.normalize(types)])) {
        for (const specifier of importsOf(await read(file))) {
          if (foreign.includes(packageOf(specifier))) {
            named.push(`${entry}: ${file}: ${specifier}`);
          }
        }
      }
    }
    expect(named).toEqual([]);
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

/** Every file the manifest points at. */
function targets(): string[] {
  return [
    manifest.main,
    manifest.types,
    ...Object.values(manifest.bin),
    ...Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    ),
    ...Object.values(manifest.typesVersions).flatMap((paths) => Object.values(paths).flat()),
  ].map((target) => posix.normalize(target));
}

/** What the compiler leaves of a file of types. */
const declaresTypesOnly =
  /^"use strict";\s*Object\.defineProperty\(exports, "__esModule", \{ value: true \}\);\s*$/;

/** The files given, and what they import from among the tarball's own, however deep. */
async function reachableFrom(start: readonly string[]): Promise<Set<string>> {
  const reached = new Set(start);
  for (const file of reached) {
    for (const specifier of importsOf(await read(file))) {
      const target = specifier.startsWith('.') ? resolved(file, specifier) : undefined;
      if (target !== undefined) reached.add(target);
    }
  }
  return reached;
}

const imports =
  /\b(?:require|import)\(\s*["']([^"']+)["']\s*[,)]|\b(?:from|import|declare module)\s+["']([^"']+)["']|^\/\/\/\s*<reference types=["']([^"']+)["']/gm;

function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '');
  return [...code.matchAll(imports)].map((match) => match.slice(1).find(Boolean) ?? '');
}

/** The file of the tarball that a file's relative import means: declarations import declarations. */
function resolved(file: string, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(file), specifier);
  const endings = file.endsWith('.d.ts') ? ['.d.ts'] : ['.js', ''];
  return endings.map((ending) => `${target}${ending}`).find((path) => files.includes(path));
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
