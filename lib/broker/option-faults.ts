/** Takes one fault: where it is, and what is wrong. */
export type FaultSink = (path: string, message: string) => void;

/** A setting below a path, as a fault names it: a name that may hold anything is quoted, and cut. */
export function settingPath(path: string, name: string): string {
  const shown = /^[\w.-]{1,64}$/.test(name) ? name : JSON.stringify(name.slice(0, 64));
  return path === '' ? shown : `${path}.${shown}`;
}

/** Names each key of an object that is not among those known. */
export function unknownKeys(
  object: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: string,
  fault: FaultSink,
): void {
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue;
    fault(settingPath(path, key), `is not a known setting (known: ${known.join(', ')})`);
  }
}

/** Whether a value is a sum of US dollars above 0, in at most 6 decimals. */
export function isUsd(usd: unknown, max: number): usd is number {
  if (typeof usd !== 'number' || usd <= 0 || usd > max) return false;
  // The one sum that is written with an exponent.
  return /^\d+(?:\.\d{1,6})?$/.test(String(usd)) || usd === 1e-6;
}
