import type { Page } from 'playwright-core';
import { minorText, usdText } from '../../console/src/format/money';
import { periodText, perPeriod, targetText } from '../../console/src/words/names';
import type { OpenPage } from './open-page';
import type { PageServer } from './page-server';

/** The cells of a row, by the names of their columns. */
type Cells = Readonly<Record<string, string>>;
// oxlint-disable-next-line typescript/no-explicit-any -- what the API answers
type Answered = any;

/** What is refused is written at most once a second; then the page has its two seconds. */
const WITHIN_MS = 4_000;

/** Every number in every view is what the API answers now. */
export async function haveNumbersOfApi(
  { page, go }: OpenPage,
  server: PageServer,
  subject: string,
): Promise<void> {
  const ask = async (path: string): Promise<Answered> => {
    const { status, body } = await server.api('GET', path);
    expect([path, status]).toEqual([path, 200]);
    return body;
  };
  const today = new Date().toISOString().slice(0, 10);
  const spend = (by: string) => ask(`/v1/spend?by=${by}&from=${today}&to=${today}&limit=1000`);

  await go('#/');
  await same(page, {
    shown: () => figures(page),
    asked: async () => {
      const { totals } = await spend('day');
      const { keys } = await ask('/v1/keys?status=active&limit=1000');
      return {
        'live-keys': String(keys.length),
        spent: usdText(totals.spent_usd),
        calls: String(totals.calls),
        refusals: String(totals.refusals),
      };
    },
  });
  await sameRows(page, `Spend by hour on ${today}`, async () => {
    const { rows } = await spend('hour');
    return Array.from({ length: new Date().getUTCHours() + 1 }, (_, hour) => {
      const row = rows.find(({ hour: at }: Answered) => new Date(at).getUTCHours() === hour);
      return { Spent: usdText(row?.spent_usd ?? 0) };
    });
  });
  await same(page, {
    shown: () => page.locator('.caps .cap-row').allTextContents(),
    asked: async () => {
      const { budgets } = await ask('/v1/budgets');
      return budgets
        .filter((budget: Answered) => budget.spent_usd !== undefined)
        .map((budget: Answered) => ({
          part: micros(budget.spent_usd, budget.held_usd) / micros(budget.daily_usd_cap),
          text: `${targetText(budget)} ${budget.mode === 'shadow' ? 'shadow' : ''}${budget.source === 'app' ? 'application' : ''}${usdOf(micros(budget.spent_usd, budget.held_usd))} of ${usdText(budget.daily_usd_cap)} ${perPeriod(budget.period)}`,
        }))
        .sort((one: Answered, other: Answered) => other.part - one.part)
        .map(({ text }: Answered) => text);
    },
  });

  for (const by of ['user', 'tenant', 'tool', 'vendor', 'day']) {
    await go(`#/spend?by=${by}`);
    await sameRows(page, 'Spend', async () => {
      const { rows, totals } = await spend(by === 'user' ? 'tenant,user' : by);
      return [...rows, totals].map(sumsOf);
    });
  }

  await go(`#/subject?${subject}`);
  await sameRows(page, 'Every cap over this subject', async () => {
    const { caps } = await ask(`/v1/budgets/effective?${subject}`);
    // What a raise adds is in the cap that it raises.
    const set = caps.filter(({ source }: Answered) => source !== 'raise');
    return set.map((cap: Answered) => ({ ...balanceOf(cap), Cap: usdText(cap.cap_usd) }));
  });
  await sameRows(page, 'Vault keys, newest first', async () =>
    (await ask(`/v1/keys?limit=20&${subject}`)).keys.map(keyOf),
  );

  await go('#/budgets');
  for (const [source, caption] of [
    ['operator', 'Budgets set by operators'],
    ['app', 'Budgets of the application'],
  ] as const) {
    await sameRows(page, caption, async () => {
      const { budgets } = await ask('/v1/budgets');
      return budgets
        .filter((budget: Answered) => budget.source === source)
        .map((budget: Answered) => ({
          ...balanceOf(budget),
          Of: `${targetText(budget)} ${budget.mode === 'shadow' ? 'shadow' : ''}`,
          Cap: usdText(budget.daily_usd_cap),
        }));
    });
  }

  await go('#/keys');
  await sameRows(page, 'Vault keys, newest first', async () =>
    (await ask('/v1/keys?limit=50')).keys.map(keyOf),
  );

  await go('#/approvals');
  await same(page, {
    shown: () => page.locator('.panel h2').allTextContents(),
    asked: async () =>
      (await ask('/v1/approvals?state=pending')).approvals.map(
        ({ amount, currency, subject: { user_id: user, tenant_id: tenant } }: Answered) =>
          `${minorText(amount, currency)} for ${user} · ${tenant}`,
      ),
  });

  await go('#/holds');
  await sameRows(page, 'Holds, newest first', async () =>
    (await ask('/v1/holds?state=unknown')).holds.map(({ held_usd: usd, state }: Answered) => ({
      Held: usdText(usd),
      State: state,
    })),
  );

  await go('#/calls');
  await sameRows(page, 'Calls, newest first', async () => {
    const { entries } = await ask('/v1/audit?limit=1000');
    return entries
      .filter(({ event }: Answered) => event === 'call' || event === 'refusal')
      .slice(0, 50)
      .map(({ amount, currency, vendor_status: status, verdict, count }: Answered) => ({
        Status: status === null ? '–' : String(status),
        Amount: amount === null ? '–' : minorText(amount, currency),
        Result: `${verdict.replaceAll('_', ' ')}${count > 1 ? ` × ${count}` : ''} Details of this call`,
      }));
  });

  await go('#/audit');
  await sameRows(page, 'Rows of the audit log, newest first', async () =>
    (await ask('/v1/audit?limit=50')).entries.map(({ seq, settled_usd: usd }: Answered) => ({
      'No.': String(seq),
      Spent: usdOr(usd),
    })),
  );
}

function sumsOf(sums: Answered): Cells {
  return {
    Spent: usdText(sums.spent_usd),
    Settled: usdText(sums.settled_usd),
    'Given back': usdText(sums.given_back_usd),
    Held: usdText(sums.held_usd),
    Unknown: usdText(sums.unknown_usd),
    Refused: usdText(sums.refused_usd),
    Calls: String(sums.calls),
    Refusals: String(sums.refusals),
  };
}

function balanceOf(cap: Answered): Cells {
  return {
    For: periodText(cap.period),
    Spent: usdOr(cap.spent_usd),
    Held: usdOr(cap.held_usd),
    Left: usdOr(cap.remaining_usd),
  };
}

function keyOf(key: Answered): Cells {
  return {
    Status: key.status,
    Cap: usdText(key.daily_usd_cap),
    Spent: usdText(key.spent_usd),
    // No key of the test is older than the day.
    'Spent today': usdText(key.spent_usd),
    Held: usdText(key.held_usd),
  };
}

function micros(...usd: readonly number[]): number {
  return usd.reduce((sum, each) => sum + Math.round(each * 1e6), 0);
}

function usdOf(inMicros: number): string {
  return usdText(inMicros / 1e6);
}

function usdOr(usd: number | null | undefined): string {
  return usd === null || usd === undefined ? '–' : usdText(usd);
}

async function figures(page: Page): Promise<Cells> {
  return page.evaluate<Cells>(
    "Object.fromEntries([...document.querySelectorAll('[data-figure]')].map((each) => [each.dataset.figure, each.textContent]))",
  );
}

/** The rows of a table, in whatever order, its foot among them: those columns of each that are asked for. */
function sameRows(page: Page, caption: string, asked: () => Promise<Cells[]>): Promise<void> {
  let columns: string[] = [];
  const inOrder = (rows: readonly Cells[]): string[] =>
    rows.map((row) => JSON.stringify(columns.map((name) => [name, row[name]?.trim()]))).sort();
  return same(page, {
    asked: async () => {
      const rows = await asked();
      columns = Object.keys(rows[0] ?? {});
      return [caption, ...inOrder(rows)];
    },
    shown: async () => {
      const rows = await page.evaluate<Cells[]>(
        `[...document.querySelectorAll('table')]
          .filter(({ caption }) => caption?.textContent === ${JSON.stringify(caption)})
          .flatMap((table) => {
            const names = [...table.tHead.rows[0].cells].map(({ textContent }) => textContent.trim());
            return [...table.querySelectorAll('tbody tr:not(.row-below), tfoot tr')].map((row) =>
              Object.fromEntries([...row.cells].map(({ textContent }, i) => [names[i], textContent])));
          })`,
      );
      return [caption, ...inOrder(rows)];
    },
  });
}

/** Waits until both are the same: the API is asked first, so that the page is not ahead of it. */
async function same(
  page: Page,
  { shown, asked }: { shown: () => Promise<unknown>; asked: () => Promise<unknown> },
): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const expected = await asked();
    const found = await shown();
    if (JSON.stringify(found) === JSON.stringify(expected)) return;
    if (Date.now() > deadline) {
      expect(found).toEqual(expected);
      return;
    }
    await page.waitForTimeout(50);
  }
}
