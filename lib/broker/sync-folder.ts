import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes a name that was given or taken in a file's folder durable. */
export function syncFolder(file: string): void {
  // Windows has no handle on a folder, and writes its entries through.
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
