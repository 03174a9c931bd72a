import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { PageServer, Role } from './page-server';

/** How a page is looked at. */
export const LOOKS = {
  light: { viewport: { width: 1360, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1360, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: 'light' },
} as const;
export type Look = keyof typeof LOOKS;

/** The page in a browser, and what the browser had to complain about. */
export interface OpenPage {
  page: Page;
  context: BrowserContext;
  /** Violations of the policy, errors of scripts, requests to other hosts. */
  complaints: string[];
  /** Goes to a view, by its hash. */
  go(hash: string): Promise<void>;
}

export interface OpenOptions {
  look?: Look;
  role?: Role;
  hash?: string;
  /** Whether the test moves the time of the page on. */
  hasClock?: boolean;
}

/** Opens the page, logs in, and waits for its first view. */
export async function openPage(
  browser: Browser,
  server: PageServer,
  { look = 'light', role = 'admin', hash = '', hasClock = false }: OpenOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ ...LOOKS[look], timezoneId: 'Europe/Berlin' });
  if (hasClock) await context.clock.install();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    // What the API refuses is a line of the browser's own, and no fault of the page.
    const isAnswer = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isAnswer) complaints.push(message.text());
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(server.pageUrl) && !url.startsWith('blob:')) complaints.push(url);
  });
  await page.exposeFunction('complain', (text: string) => complaints.push(text));
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => complain(event.violatedDirective + ' ' + event.blockedURI));",
  );
  await page.goto(`${server.pageUrl}${hash}`);
  await logIn(page, server.tokens[role]);
  await page.locator('main h1').first().waitFor();
  const go = async (to: string): Promise<void> => {
    await page.goto(`${server.pageUrl}${to}`);
    await page.locator('main h1').first().waitFor();
  };
  return { page, context, complaints, go };
}

export async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Operator’s token').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByLabel('Operator’s token').waitFor({ state: 'detached' });
}

/** Waits until a part of the page has a text: no longer than what is live may take. */
export async function shows(
  page: Page,
  selector: string,
  text: string,
  withinMs = 2_000,
): Promise<void> {
  const found = page.locator(selector, { hasText: text }).first();
  try {
    await found.waitFor({ timeout: withinMs });
  } catch {
    const has = await page.locator(selector).allInnerTexts();
    throw new Error(
      `Within ${withinMs} ms ${selector} did not show ${text}, but ${has.join(' | ').slice(0, 2_000)}`,
    );
  }
}
