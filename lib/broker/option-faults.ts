/** Takes one fault: where it is, and what is wrong. */
export type FaultSink = (path: string, message: string) => void;

/** Names each key of an object that is not among those known. */
export function unknownKeys(
  object: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: string,
  fault: FaultSink,
): void {
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue;
    const name = /^[\w.-]{1,64}$/.test(key) ? key : JSON.stringify(key.slice(0, 64));
    fault(path === '' ? name : `${path}.${name}`, `is not a setting: ${known.join(', ')}`);
  }
}
