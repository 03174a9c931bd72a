const NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** Paths of the broker's own, below which no vendor can be. */
const RESERVED: readonly string[] = ['v1', 'healthz', 'readyz', 'metrics', 'console'];

/** What is wrong with the name of a vendor's entry; `undefined` where nothing is. */
export function vendorNameFault(name: unknown): string | undefined {
  if (typeof name !== 'string' || !NAME.test(name)) {
    return 'must be a name of 1 to 32 lower-case letters, digits and dashes that begins with a letter';
  }
  return RESERVED.includes(name)
    ? `is a path of the broker's own, as are ${RESERVED.join(', ')}: give it another name`
    : undefined;
}
