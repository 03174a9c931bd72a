import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const LIB = join(__dirname, '../../lib');

/** What each file of `lib/` imports from `lib/`, types included. Specs are left out. */
const imports = new Map<string, string[]>();
for (const name of readdirSync(LIB, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.ts') || name.endsWith('spec.ts')) continue;
  const text = readFileSync(join(LIB, name), 'utf8');
  const found = [...text.matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)].flatMap(([, path = '']) => {
    const target = normalize(join(dirname(join(LIB, name)), path));
    return [`${target}.ts`, join(target, 'index.ts')].filter((file) => existsSync(file));
  });
  imports.set(
    name,
    found.map((file) => relative(LIB, file)),
  );
}
const below = (folder: string) => [...imports].filter(([file]) => file.startsWith(folder));

describe('the imports of lib/', () => {
  it('are of many files', () => {
    expect(imports.size).toBeGreaterThan(200);
    expect([...imports.values()].flat().length).toBeGreaterThan(800);
  });

  it('form no circle, types included', () => {
    const finished = new Set<string>();
    const circles: string[] = [];
    const walk = (file: string, path: readonly string[]): void => {
      if (finished.has(file)) return;
      if (path.includes(file)) {
        circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
        return;
      }
      for (const next of imports.get(file) ?? []) walk(next, [...path, file]);
      finished.add(file);
    };
    for (const file of imports.keys()) walk(file, []);
    expect(circles).toEqual([]);
  });

  it('never lead from the broker to the Nest side', () => {
    const climbing = below('broker/').flatMap(([file, targets]) =>
      targets
        .filter((target) => !/^(?:broker|contract)\//.test(target))
        .map((target) => [file, target]),
    );
    expect(climbing).toEqual([]);
  });

  it('never lead out of the contract that both halves share', () => {
    const climbing = below('contract/').flatMap(([file, targets]) =>
      targets.filter((target) => !target.startsWith('contract/')).map((target) => [file, target]),
    );
    expect(climbing).toEqual([]);
  });

  it('keep the rules about money free of stores, HTTP and the forwarding of calls', () => {
    const other = below('broker/ledger/rules/').flatMap(([file, targets]) =>
      targets
        .filter((target) =>
          /^broker\/(?:ledger\/(?:memory|sqlite|store|store-ledger)\b|http|cli|forwarding)/.test(
            target,
          ),
        )
        .map((target) => [file, target]),
    );
    expect(other).toEqual([]);
  });

  it('let no rule read a clock', () => {
    for (const [file] of below('broker/ledger/rules/')) {
      const text = readFileSync(join(LIB, file), 'utf8');
      expect([file, /Date\.now|performance\.now|new Date\(\)/.test(text)]).toEqual([file, false]);
    }
  });
});
