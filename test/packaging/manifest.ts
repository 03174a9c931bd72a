import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Of a `package.json`, what the suite reads. */
export interface Manifest {
  name: string;
  version: string;
  main: string;
  types: string;
  bin: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
  typesVersions: Record<string, Record<string, string[]>>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

/** The manifest of the package in a folder. */
export async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** The peers that an app may do without. */
export function optionalPeersOf({
  peerDependenciesMeta = {},
}: Pick<Manifest, 'peerDependenciesMeta'>): string[] {
  return Object.keys(peerDependenciesMeta).filter((name) => peerDependenciesMeta[name]?.optional);
}

/** The keys of `exports` that are code: `.`, `./broker` and so on. */
export function entriesOf({ exports }: Manifest): string[] {
  return Object.keys(exports).filter((key) => typeof exports[key] === 'object');
}
