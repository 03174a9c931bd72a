import { resolve } from 'node:path';
import type { StartUpIssue } from './vault-key-start-up.exception';

const PLACES = Symbol.for('nestjs-vault-key:places');

const shared = globalThis as unknown as Record<symbol, Set<string> | undefined>;
const places = (shared[PLACES] ??= new Set());
// In a bundle of ES modules there is no __dirname.
const own =
  typeof __dirname === 'string' ? resolve(__dirname, '../..') : (process.argv[1] ?? 'a bundle');
places.add(own);

const ownMarks = new WeakSet<object>();

/** Remembers a mark that the decorator of this copy of the package has made. */
export function rememberMark(mark: object): void {
  ownMarks.add(mark);
}

/** Whether a mark was made by this copy of the package. */
export function isOwnMark(mark: object): boolean {
  return ownMarks.has(mark);
}

/**
 * What is wrong where this process has loaded the package from several places: what one copy marks,
 * injects or throws is not known to the other.
 */
export function copiesFault(): StartUpIssue | undefined {
  if (places.size < 2) return undefined;
  return {
    where: 'nestjs-vault-key',
    message: `is loaded in ${places.size} copies, of which none knows what another one marks: ${[...places].join(' and ')}`,
    example:
      'the same version in every package.json of the workspace and its peers resolved once, such as with pnpm dedupe, so that there is one copy',
  };
}

/** What is wrong with a mark of another copy of the package, or of this one loaded again. */
export function foreignMarkFault(where: string): StartUpIssue {
  return {
    where,
    message: `is marked by the @AgentTool of another copy of nestjs-vault-key than VaultKeyModule is of (loaded from ${[...places].join(' and ')})`,
    example: 'one version of nestjs-vault-key in the process, loaded once',
  };
}
