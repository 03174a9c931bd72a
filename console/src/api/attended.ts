/** Longer than the page ever waits before it asks again, so that the broker is told of each touch. */
const ATTENDED_MS = 30_000;

/** When somebody has touched the page last; to open it counts. */
let touchedAt = Date.now();

/** Notes that somebody works with the page, or only reads and scrolls. */
export function noteTouches(): void {
  const touch = (): void => void (touchedAt = Date.now());
  for (const kind of ['pointerdown', 'keydown', 'wheel'] as const) {
    document.addEventListener(kind, touch, { passive: true, capture: true });
  }
}

/**
 * What a question has to say where nobody has touched the page for a while: the page asks it by itself, and the
 * broker ends a session that nobody uses.
 */
export function unattendedHeader(): Readonly<Record<string, string>> {
  return Date.now() - touchedAt < ATTENDED_MS ? {} : { 'vault-key-unattended': 'true' };
}
