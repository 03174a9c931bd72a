import type { Limits } from '../../limits/limits';
import type { FoundRow } from './table-form';

/** What the column `limits` has of a key or a budget. */
export function limitsColumn({ limits }: { limits?: Limits }): string | null {
  return limits === undefined ? null : JSON.stringify(limits);
}

/** The limits of a row, where it has some. */
export function limitsIn(found: FoundRow): { limits?: Limits } {
  const text = found['limits'];
  return typeof text === 'string' ? { limits: JSON.parse(text) as Limits } : {};
}
