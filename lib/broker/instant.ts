let lastMs = Number.NaN;
let lastText = '';

/** An instant as ISO 8601 in UTC. Many are asked for within one millisecond. */
export function instantText(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
}
