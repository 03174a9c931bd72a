import type { AuditRow } from '../../audit/audit-entry';
import { dayOf, endOfDay } from '../../budgets/budget';
import { periodText, startOfPeriod } from '../../budgets/period';
import type { BudgetScope, CapScope } from '../../../contract/scopes';
import { usdText } from '../../../contract/usd';
import type { MicroUsd } from '../../../contract/usd';
import { instantText } from '../../instant';
import { addedTo } from '../../keys/key';
import type { Balance, KeyRecord } from '../../keys/key';
import { BROKER_ACTOR } from '../../operators/actor';
import type { Book } from '../book';
import type { BudgetCap, Hold } from '../records';
import { lineOf } from './ancestry';
import { auditOfCap } from './audit-rows';
import { periodKeyOf } from './budget-caps';
import { capsOver } from './caps';
import type { ChargedCap } from './caps';

/** Which parts of a budget's cap are told, in percent. */
export interface Thresholds {
  percents: readonly number[];
}

/** Longer than any period of a budget is. */
const LONGEST_MS = 62 * 86_400_000;

export const DEFAULT_THRESHOLDS: readonly number[] = [50, 80, 100];

/**
 * Tells the thresholds of budgets that spent and held pass, each once a period. What was told is looked up
 * only where one is passed.
 *
 * @param caps As they were before.
 * @param added What is added under each.
 */
export function tellThresholds(
  book: Book,
  key: KeyRecord,
  caps: readonly ChargedCap[],
  added: Partial<Balance>,
  { percents }: Thresholds,
): void {
  const micros = (added.spent ?? 0) + (added.held ?? 0);
  if (micros <= 0) return;
  for (const cap of caps) {
    const { scope, capMicros, balance, resetsAt } = cap;
    if (!isOfBudget(cap) || scope === 'key' || scope === 'parent' || capMicros === 0) continue;
    const before = balance.spent + balance.held;
    const passed = percents.filter((percent) => {
      return isBelow(before, capMicros, percent) && !isBelow(before + micros, capMicros, percent);
    });
    if (passed.length === 0) continue;
    const name = periodKeyOf(cap, book.now);
    const told = book.note('threshold', name)?.percent ?? 0;
    const after = { ...cap, balance: addedTo(balance, added) };
    const untold = passed.filter((percent) => percent > told).sort((one, other) => one - other);
    for (const percent of untold) book.log(rowOf(book, key, after, scope, percent));
    const percent = untold.at(-1);
    // `24h` is told apart by the day, though it is another at each hour.
    const end = resetsAt === undefined ? book.now + LONGEST_MS : Date.parse(resetsAt);
    const until = Math.max(end, Date.parse(endOfDay(book.now)));
    if (percent !== undefined) book.putNote('threshold', name, { percent, until });
  }
}

/** The same where a hold has come to more than it held. Of periods that it began before nothing is told. */
export function tellGrowth(
  book: Book,
  ended: { hold: Hold; settledMicros: MicroUsd } | undefined,
  thresholds: Thresholds,
): void {
  if (ended === undefined) return;
  const { hold, settledMicros } = ended;
  const held = hold.state === 'held' || hold.state === 'unknown' ? hold.heldMicros : 0;
  const grown = settledMicros - held;
  if (grown <= 0) return;
  const key = book.key(hold.keyId);
  if (key === undefined || lineOf(book, key).missingId !== undefined) return;
  const caps = capsOver(book, key)
    .filter((cap) => isOfBudget(cap) && hold.createdAt >= startOfPeriod(cap.period, book.now))
    .map((cap) => ({
      ...cap,
      balance: { ...cap.balance, spent: cap.balance.spent - grown },
    }));
  tellThresholds(book, key, caps, { spent: grown }, thresholds);
}

function isOfBudget(cap: ChargedCap): cap is BudgetCap {
  return cap.period !== undefined;
}

function isBelow(micros: MicroUsd, capMicros: MicroUsd, percent: number): boolean {
  // In integers: both sides are far below 2^53.
  return micros * 100 < capMicros * percent;
}

function rowOf(
  book: Book,
  key: KeyRecord,
  cap: BudgetCap,
  scope: BudgetScope,
  percent: number,
): AuditRow {
  const { balance, period } = cap;
  const within = period === 'day' ? '' : ` ${periodText(period)}`;
  return {
    at: instantText(book.now),
    event: 'threshold',
    actor: BROKER_ACTOR,
    ...subjectOf(key, scope),
    ...auditOfCap(cap),
    scope,
    percent,
    period,
    day: dayOf(book.now),
    reason: `${usdText(balance.spent)} spent and ${usdText(balance.held)} held: ${percent} % of the ${scope}'s cap of ${usdText(cap.capMicros)}${within}`,
  };
}

/** Whom a budget of a scope over a key caps. */
function subjectOf({ subject, vendor }: KeyRecord, scope: CapScope): Partial<AuditRow> {
  const { tenant_id = null, user_id = null, run_id = null, tool = null } = subject;
  switch (scope) {
    case 'tenant':
      return { tenant_id };
    case 'user':
      return { tenant_id, user_id };
    case 'run':
      return { tenant_id, user_id, run_id };
    case 'tool':
      return { tool };
    default:
      return { vendor };
  }
}
