import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const PLACES = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'];
const found = PLACES.find((place) => place !== undefined && existsSync(place));

/** Whether the suites that need a browser can run. They may be skipped, but not where CI says that they have run. */
export const hasChromium = found !== undefined;

if (!hasChromium && process.env['CI'] === 'true') {
  throw new Error(
    'Chromium is missing: install it (apt-get install chromium), or name it in CHROMIUM.',
  );
}

/** `describe`, or `describe.skip` with a word why. */
export function describeInChromium(name: string, suite: () => void): void {
  if (hasChromium) describe(name, suite);
  else describe.skip(`${name} (skipped: Chromium is not installed)`, suite);
}

/** Starts a browser of the suite's own; the suite closes it. */
export function startChromium(): Promise<Browser> {
  // Chromium's own sandbox does not work for root, and needs more than many containers give.
  return chromium.launch({
    executablePath: found ?? '',
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}
