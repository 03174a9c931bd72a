import { copyFileSync, mkdirSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SeededRandom } from '../support/seeded-random';

/** The files of a store at one moment, as a kill would have left them. */
export interface StoreCopy {
  file: string;
  /** The statement at which it was made. */
  moment: string;
}

/** How long a store's log is, and when its file was changed. */
export interface WalState {
  walBytes: number;
  mainChangedAt: bigint;
}

/** Copies a store's files at random statements. */
export class StoreCopies {
  #made = 0;
  #before: WalState | undefined;

  /** @param onCopy Told of each copy at its very moment. */
  constructor(
    public file: string,
    private readonly random: SeededRandom,
    private readonly onCopy: (copy: StoreCopy) => void,
  ) {}

  atStatement(moment: 'before' | 'after', sql: string, rate: number): void {
    if (moment === 'before' && sql.startsWith('BEGIN')) this.#before = walState(this.file);
    if (moment === 'after' && sql === 'COMMIT' && this.random.chance(rate * 2)) this.#tear();
    if (this.random.chance(rate)) {
      this.onCopy(this.copy(`${moment} ${sql.trim().split('\n')[0] ?? ''}`));
    }
  }

  copy(moment: string): StoreCopy {
    this.#made += 1;
    const folder = join(dirname(this.file), `copy-${this.#made}`);
    mkdirSync(folder);
    copyFiles(this.file, folder);
    return { file: join(folder, basename(this.file)), moment };
  }

  /** What a kill in the middle of the COMMIT that has just run would have left. */
  tear(from: number): void {
    const { walBytes } = walState(this.file);
    const bytes = this.random.int(from, walBytes - 1);
    const copy = this.copy(`in the middle of COMMIT, at byte ${bytes} of ${walBytes}`);
    truncateSync(`${copy.file}-wal`, bytes);
    this.onCopy(copy);
  }

  #tear(): void {
    const { walBytes, mainChangedAt } = walState(this.file);
    const before = this.#before;
    // A log that was begun again, or written to the main file, has no shorter self.
    if (before === undefined || before.mainChangedAt !== mainChangedAt) return;
    if (walBytes > before.walBytes) this.tear(before.walBytes);
  }
}

export function walState(file: string): WalState {
  const wal = statSync(`${file}-wal`, { throwIfNoEntry: false });
  const main = statSync(file, { throwIfNoEntry: false, bigint: true });
  return { walBytes: wal?.size ?? 0, mainChangedAt: main?.mtimeNs ?? 0n };
}

/** Copies all files of a store into a folder. */
export function copyFiles(file: string, folder: string): void {
  const name = basename(file);
  for (const each of readdirSync(dirname(file), { withFileTypes: true })) {
    if (each.isFile() && each.name.startsWith(name)) {
      copyFileSync(join(dirname(file), each.name), join(folder, each.name));
    }
  }
}
