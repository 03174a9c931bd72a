import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { usdText } from '../../console/src/format/money';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { until } from '../support/until';
import { describeInChromium, startChromium } from './chromium';
import { logIn, LOOKS, openPage, shows } from './open-page';
import type { Look, OpenOptions, OpenPage } from './open-page';
import { Agent, paymentOf } from './page-server';
import type { PageServer } from './page-server';
import { haveNumbersOfApi } from './same-numbers';
import { SERVERS } from './servers';

/** Where screenshots are written; nowhere without it. */
const SHOTS = process.env['CONSOLE_SHOTS'];
const AXE = readFileSync(require.resolve('axe-core'), 'utf8');

const VIEWS: Readonly<Record<string, string>> = {
  now: '#/',
  spend: '#/spend?by=user',
  subject: '#/subject?tenant_id=acme&user_id=mira',
  calls: '#/calls',
  approvals: '#/approvals',
  budgets: '#/budgets',
  brakes: '#/brakes',
  holds: '#/holds',
  keys: '#/keys',
  webhooks: '#/webhooks',
  audit: '#/audit',
};
/** What axe looks for: the dark page has other colours alone, the phone's has other places. */
const RULES: Readonly<Record<Look, object>> = {
  light: {},
  dark: { runOnly: ['color-contrast'] },
  phone: { rules: { 'color-contrast': { enabled: false } } },
};
let vendor: StripeVendor;
let browser: Browser;

describeInChromium('the page', () => {
  beforeAll(async () => {
    vendor = await createStripeVendor();
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser.close();
    await vendor.close();
  });

  describe.each(Object.entries(SERVERS))('%s', (name, start) => {
    let server: PageServer;
    const opened: OpenPage[] = [];
    const open = async (options: OpenOptions = {}): Promise<OpenPage> => {
      const page = await openPage(browser, server, options);
      opened.push(page);
      return page;
    };
    beforeAll(async () => {
      server = await start(vendor);
      for (const [path, budget] of [
        ['vendor/stripe', { daily_usd_cap: 2000 }],
        ['user/mira', { daily_usd_cap: 60, tenant_id: 'acme' }],
        ['user/*', { daily_usd_cap: 900, period: 'week' }],
        ['user/jonas', { daily_usd_cap: 5, tenant_id: 'acme', period: 'month', mode: 'shadow' }],
      ] as const) {
        const body = { ...budget, reason: 'a test' };
        expect((await server.api('PUT', `/v1/budgets/${path}`, body)).status).toBe(200);
      }
    });
    afterAll(() => server.close());
    afterEach(async () => {
      const all = opened.splice(0);
      const complaints = all.flatMap((each) => each.complaints);
      await Promise.all(all.map(({ context }) => context.close()));
      // Neither the policy nor a script has anything to say, and nothing went to another host.
      expect(complaints).toEqual([]);
    });

    it('lets in an operator alone', async () => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(server.pageUrl);
      await page.getByLabel('Operator’s token').fill('nobody’s');
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByText('That is no operator’s token.').waitFor();
      await logIn(page, server.tokens.admin);
      await page.getByRole('heading', { name: 'Now', level: 1 }).waitFor();
      await context.close();
    });

    it('shows the numbers of the API in every view, within two seconds of each change', async () => {
      const opened = await open();
      const { page } = opened;
      const mira = await Agent.of(server.broker, 'mira', {
        budgets: { user: 200, tool: { usd: 1_000, period: 'week' } },
      });
      const jonas = await Agent.of(server.broker, 'jonas', { approve_above_usd: 100 });
      for (const cents of [1250, 830]) {
        expect(await mira.pay(cents)).toBeUndefined();
        expect(await jonas.pay(cents)).toBeUndefined();
        await shows(page, '[data-figure=spent]', usdText(await spentToday(server)));
      }
      expect(await mira.pay(9_000)).toBe('cap_exhausted');
      expect(await jonas.pay(15_000)).toBe('approval_required');
      // A part is given back, a call is in the air.
      const hotel = await jonas.send('/v1/payment_intents', paymentOf(2_000, 'manual'));
      await jonas.send(`/v1/payment_intents/${hotel.body.id}/capture`, 'amount_to_capture=1250');
      vendor.next('POST /v1/payment_intents', { reset: 'after' });
      expect(await jonas.pay(777)).toBe('vendor_outcome_unknown');
      // Below a path it asks the same: that of one framework does.
      if (!name.endsWith('Fastify'))
        await haveNumbersOfApi(opened, server, 'tenant_id=acme&user_id=mira');

      await opened.go('#/calls?user_id=mira');
      await shows(page, '.sentence', "$39.20 was left of user mira's cap of $60.00 a day.");
      // What a cap in shadow mode lets through is told.
      await opened.go('#/calls?user_id=jonas');
      await shows(page, '.sentence', "In shadow mode user jonas's cap of $5.00 a month would");
      expect(await jonas.pay(123)).toBeUndefined();
      await shows(page, 'tbody tr:first-child', '$1.23');

      await opened.go('#/holds');
      await page.getByText(usdText(7.77)).waitFor();
      const [hold] = (await server.api('GET', '/v1/holds?state=unknown')).body.holds;
      await server.api('POST', `/v1/holds/${hold.id}/release`, { reason: 'a test' });
      await shows(page, '.panel', 'Every call has an outcome.');
      const [{ id }] = (await server.api('GET', '/v1/approvals?state=pending')).body.approvals;
      await server.api('POST', `/v1/approvals/${id}/deny`, { reason: 'a test' });
      await opened.go(`#/approvals/${id}`);
      await shows(page, '.badge', 'denied');
    });

    it('stops a running loop by a brake that is put there, once it has told how many live keys it hits', async () => {
      const { page } = await open({ hash: '#/subject?tenant_id=acme&user_id=lena' });
      const lena = await Agent.of(server.broker, 'lena');
      let paid = 0;
      const loop = lena.payUntilRefused(50, () => (paid += 1));
      await until(
        () => paid > 2,
        () => `${paid} charges`,
      );
      await page.getByRole('button', { name: 'Brake' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('1 live key').waitFor();
      await dialog.getByLabel('Reason').fill('it pays in a loop');
      await dialog.getByRole('button', { name: 'Brake', exact: true }).click();
      expect(await loop).toBe('braked');
      await dialog.waitFor({ state: 'detached' });
      await shows(page, '.note-bad', 'A brake stops user lena: it pays in a loop');
      const charges = paid;
      expect(await lena.pay(50)).toBe('braked');
      expect(charges).toBe(paid);

      await page.getByRole('link', { name: 'To the brakes' }).click();
      await page
        .getByRole('row', { name: /user lena/ })
        .getByRole('button', { name: 'Lift' })
        .click();
      await page.getByLabel('Reason').fill('it is mended');
      await page.getByRole('dialog').getByRole('button', { name: 'Lift' }).click();
      await page.getByText('Nobody is stopped.').waitFor();
      expect(await lena.pay(50)).toBeUndefined();
    });

    it('lets exactly one call through by an approval that is pressed there', async () => {
      const nils = await Agent.of(server.broker, 'nils', { approve_above_usd: 100 });
      const asked = await nils.charge(12_000);
      expect(asked.body.code).toBe('approval_required');
      const { page } = await open({
        role: 'operator',
        hash: `#/approvals/${asked.body.approval_id}`,
      });
      await page.getByRole('heading', { name: '$120.00 for nils · acme' }).waitFor();
      expect(await nils.pay(12_000)).toBe('approval_required');
      await page.getByRole('button', { name: 'Approve' }).click();
      await page.getByLabel('Reason').fill('the customer has asked for it');
      await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
      await shows(page, '.badge', 'approved');
      expect(await nils.pay(12_001)).toBe('approval_required');
      const codes = await Promise.all(Array.from({ length: 10 }, () => nils.pay(12_000)));
      expect(codes.filter((code) => code === undefined)).toHaveLength(1);
      expect(new Set(codes)).toEqual(new Set([undefined, 'approval_required']));
      await shows(page, '.badge', 'used');
    });

    // The rest is the same wherever the page is served.
    if (name !== 'of the command') return;

    it('keeps what was typed where the session ends, and sends it once it is asked to again', async () => {
      const { page, context } = await open({ hash: '#/brakes' });
      await page.getByRole('button', { name: 'Put a brake' }).click();
      await page.getByLabel('Id of the user').fill('omar');
      await page.getByLabel('Reason').fill('typed before the end');
      await context.request.delete(`${server.pageUrl}v1/session`, {
        headers: { origin: new URL(server.pageUrl).origin, 'content-type': 'application/json' },
      });
      await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
      await logIn(page, server.tokens.operator);
      expect((await server.api('GET', '/v1/brakes')).body.brakes).toEqual([]);
      expect(await page.getByLabel('Reason').inputValue()).toBe('typed before the end');
      await page.getByRole('dialog').getByRole('button', { name: 'Brake', exact: true }).click();
      await page.getByRole('row', { name: /user omar.*typed before the end/ }).waitFor();
      const [brake] = (await server.api('GET', '/v1/brakes')).body.brakes;
      await server.api('DELETE', `/v1/brakes/${brake.id}`, { reason: 'a test' });
    });

    it('ends a call without an outcome, beside what the vendor says of its object', async () => {
      const omar = await Agent.of(server.broker, 'omar');
      const made = await omar.send('/v1/payment_intents', paymentOf(2_000, 'manual'));
      vendor.next('POST /v1/payment_intents/*/capture', { reset: 'after' });
      await omar.send(`/v1/payment_intents/${made.body.id}/capture`, '');
      const { page } = await open({ hash: '#/holds', role: 'operator' });
      await page.getByRole('button', { name: 'Settle' }).click();
      await shows(page, '.beside', 'succeeded');
      await shows(page, '.beside', `/v1/payment_intents/${made.body.id}/capture`);
      await page.getByLabel('Reason').fill('the vendor has it');
      await page.getByRole('dialog').getByRole('button', { name: 'Settle' }).click();
      await page.getByText('Every call has an outcome.').waitFor();
      expect((await server.api('GET', '/v1/holds?state=unknown')).body.holds).toEqual([]);
    });

    it('gives room by a raise that is pressed there, and takes it back', async () => {
      const body = { daily_usd_cap: 10, tenant_id: 'acme', reason: 'a test' };
      await server.api('PUT', '/v1/budgets/user/rosa', body);
      const rosa = await Agent.of(server.broker, 'rosa');
      expect(await rosa.pay(1_500)).toBe('cap_exhausted');
      const { page } = await open({
        hash: '#/subject?tenant_id=acme&user_id=rosa',
        role: 'operator',
      });
      await page.getByText('operator-ann').waitFor();
      await page.getByText('may look, brake, decide and raise').waitFor();
      await page.getByRole('button', { name: 'Raise' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('By US dollars').fill('10');
      await dialog.getByText('1 live key').waitFor();
      await shows(page, 'dialog', '$10.00 → $20.00');
      await dialog.getByLabel('Reason').fill('a large order');
      await dialog.getByRole('button', { name: 'Raise', exact: true }).click();
      await shows(page, '.sentence', 'Raised by $10.00 until');
      await shows(page, '.sentence', 'by operator-ann: a large order');
      expect(await rosa.pay(1_500)).toBeUndefined();
      await shows(page, 'tbody tr', usdText(5));
      await page.getByRole('button', { name: 'End it' }).click();
      await dialog.getByLabel('Reason').fill('the order is done');
      await dialog.getByRole('button', { name: 'End it' }).click();
      await shows(page, 'tbody tr', usdText(-5));
      expect(await rosa.pay(1)).toBe('cap_exhausted');
    });

    it('offers a viewer nothing that a viewer may not do', async () => {
      const { page, go } = await open({
        role: 'viewer',
        hash: '#/subject?tenant_id=acme&user_id=mira',
      });
      const changes =
        /^(?:Brake|Put a brake|Raise|Lift|Set a budget|Change|Remove|Settle|Release|Approve|Deny|Replay|Resume)\b/;
      for (const hash of Object.values(VIEWS)) {
        await go(hash);
        await page.locator('.loading').first().waitFor({ state: 'detached' });
        expect([hash, await page.getByRole('button', { name: changes }).count()]).toEqual([
          hash,
          0,
        ]);
      }
    });

    it('has its session end where nobody touches it, however much it asks by itself', async () => {
      const { page } = await open({ hasClock: true });
      const askedLater = async (ms: number): Promise<string | undefined> => {
        const request = page.waitForRequest((each) => each.url().includes('/v1/spend'));
        await page.clock.fastForward(ms);
        return (await request).headers()['vault-key-unattended'];
      };
      expect(await askedLater(60_000)).toBe('true');
      await page.keyboard.press('Shift');
      expect(await askedLater(16_000)).toBeUndefined();
    });

    it('resumes a webhook whose receiver wants no more, and replays an event', async () => {
      const { receiver } = server;
      if (receiver === undefined) throw new Error('The server has no webhook.');
      const taken = receiver.taken.length;
      receiver.answer = () => 410;
      const brake = { scope: 'user', id: 'otto', reason: 'a test' };
      const { id } = (await server.api('POST', '/v1/brakes', brake)).body;
      const { page } = await open({ hash: '#/webhooks', role: 'operator' });
      await shows(page, '.badge', 'stopped', 10_000);
      receiver.answer = () => 200;
      await page.getByRole('button', { name: 'Resume' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
      await shows(page, '.note-good', 'Webhook ops is sent events again.');
      await receiver.took(taken + 1);
      await shows(page, '.badge', 'active', 4_000);
      await server.api('DELETE', `/v1/brakes/${id}`, { reason: 'a test' });

      const event = receiver.taken[taken]?.event.id;
      receiver.answer = () => 500;
      await page.getByRole('button', { name: 'Replay an event' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Id of the event').fill(event);
      await dialog.getByRole('button', { name: 'Replay', exact: true }).click();
      await dialog.getByText(`Event ${event} did not arrive`).waitFor();
      receiver.answer = () => 200;
      await dialog.getByRole('button', { name: 'Replay', exact: true }).click();
      await shows(page, '.note-good', `Event ${event} has arrived at ops.`);
      expect(receiver.taken.filter((each) => each.event.id === event).length).toBeGreaterThan(1);
    });

    it('is worked with the keyboard alone, which never loses its place', async () => {
      const { page } = await open();
      const focused = (): Promise<string> =>
        page.evaluate<string>(
          "(({ tagName, textContent, labels }) => tagName + ' ' + (labels?.[0] ?? { textContent }).textContent)(document.activeElement)",
        );
      const press = async (...keys: string[]): Promise<void> => {
        for (const key of keys) await page.keyboard.press(key);
      };
      await press('Tab', 'Enter');
      expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN');
      await page.getByRole('link', { name: 'Brakes' }).first().focus();
      await press('Enter');
      await page.getByRole('heading', { name: 'Brakes', level: 1 }).waitFor();
      // To who cannot see it, a view is told by its head; what can be done there comes next.
      expect(await focused()).toBe('H1 Brakes');
      await press('Tab');
      expect(await focused()).toBe('BUTTON Put a brake');
      await press('Enter');
      await page.getByRole('dialog').waitFor();
      expect(await focused()).toMatch(/^SELECT Stop/);
      // A dialog is not left by Tab: beyond its last button is the browser itself, then its first one.
      for (let i = 0; i < 10; i++) {
        await press('Tab');
        expect(
          await page.evaluate(
            "document.activeElement === document.body || document.activeElement.closest('dialog') !== null",
          ),
        ).toBe(true);
      }
      await press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await focused()).toBe('BUTTON Put a brake');

      await press('Enter');
      await page.getByLabel('Id of the user').fill('tilda');
      await page.getByLabel('Reason').fill('by keyboard');
      await press('Enter');
      await page.getByRole('row', { name: /user tilda/ }).waitFor();
      const lift = page.getByRole('row', { name: /user tilda/ }).getByRole('button');
      await lift.focus();
      // What has the focus keeps it while the list changes around it.
      const other = { scope: 'user', id: 'ulla', reason: 'a test' };
      const { id } = (await server.api('POST', '/v1/brakes', other)).body;
      await page.getByRole('row', { name: /user ulla/ }).waitFor();
      expect(await focused()).toBe('BUTTON Lift the brake on user tilda');
      await press('Enter');
      expect(await focused()).toBe('INPUT Reason');
      await page.keyboard.type('done');
      await press('Enter');
      await page.getByRole('row', { name: /user tilda/ }).waitFor({ state: 'detached' });
      // The button is gone with its row.
      await page.waitForFunction("document.activeElement.textContent === 'Brakes'");
      expect(await focused()).toBe('H1 Brakes');
      await server.api('DELETE', `/v1/brakes/${id}`, { reason: 'a test' });
    });

    describe('with something in each view', () => {
      beforeAll(async () => {
        const [mira, theo] = await Promise.all([
          Agent.of(server.broker, 'mira', { approve_above_usd: 30 }),
          Agent.of(server.broker, 'theo', { subject: { tenant_id: 'zenith', user_id: 'theo' } }),
        ]);
        expect(await mira.pay(3_850)).toBe('approval_required');
        expect(await theo.pay(12_345)).toBeUndefined();
        vendor.next('POST /v1/payment_intents', { reset: 'after' });
        expect(await theo.pay(1_999)).toBe('vendor_outcome_unknown');
        const brake = { scope: 'tool', id: 'refund', reason: 'refunds in a loop: incident 42' };
        expect((await server.api('POST', '/v1/brakes', brake)).status).toBe(201);
        const raise = { usd: 20, expires_in: '1h', reason: 'a large order', tenant_id: 'acme' };
        expect((await server.api('POST', '/v1/budgets/user/mira/raises', raise)).status).toBe(201);
      });

      it.each(Object.keys(LOOKS) as Look[])('has nothing that axe finds: %s', async (look) => {
        const { page, go } = await open({ look });
        await page.evaluate(AXE);
        for (const [view, hash] of Object.entries(VIEWS)) {
          await go(hash);
          await page.locator('.loading').first().waitFor({ state: 'detached' });
          if (SHOTS !== undefined) {
            mkdirSync(SHOTS, { recursive: true });
            // Nothing is pointed at.
            await page.mouse.move(0, 0);
            await page.screenshot({ path: join(SHOTS, `${view}-${look}.png`), fullPage: true });
          }
          expect([view, await axeFinds(page, look)]).toEqual([view, []]);
          if (look === 'phone') {
            const width = await page.evaluate('document.documentElement.scrollWidth');
            expect([view, width]).toEqual([view, 360]);
          }
        }
        await go(VIEWS['holds'] ?? '');
        await page.getByRole('button', { name: 'Settle' }).click();
        await page.locator('dialog .loading').first().waitFor({ state: 'detached' });
        expect(await axeFinds(page, look)).toEqual([]);
      });
    });
  });
});

function axeFinds(page: Page, look: Look): Promise<string[]> {
  const options = JSON.stringify({ resultTypes: ['violations'], ...RULES[look] });
  return page.evaluate<string[]>(
    `axe.run(document, ${options}).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html.slice(0, 160))))`,
  );
}

async function spentToday(server: PageServer): Promise<number> {
  return (await server.api('GET', '/v1/spend?by=day')).body.totals.spent_usd;
}
