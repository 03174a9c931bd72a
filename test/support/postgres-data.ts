import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresKind } from './postgres-binaries';

/**
 * Makes the data of a server that has nothing yet: a copy of what the first suite of the run to need them has made.
 *
 * @param make Does it where there is none to copy.
 */
export async function makeEmptyData(
  kind: PostgresKind,
  data: string,
  make: () => Promise<void>,
): Promise<void> {
  const folder = process.env['RUN_FOLDER'];
  const made = folder === undefined ? undefined : join(folder, `postgres-${kind}`);
  if (made !== undefined && existsSync(made)) return copy(join(made, 'data'), data);
  await make();
  if (made === undefined) return;
  const own = mkdtempSync(`${made}-`);
  copy(data, join(own, 'data'));
  try {
    renameSync(own, made);
  } catch {
    // Another suite was first.
    rmSync(own, { recursive: true, force: true });
  }
}

function copy(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
}
