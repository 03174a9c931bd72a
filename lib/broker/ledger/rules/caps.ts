import { periodText } from '../../budgets/period';
import type { KeyRecord } from '../../keys/key';
import { undoneView } from '../../keys/undone-view';
import { toUsd, usdText } from '../../../contract/usd';
import type { MicroUsd } from '../../../contract/usd';
import { BrokerRefusal } from '../../refusal';
import type { Book } from '../book';
import type { BudgetCap, CapState, ChargedCap } from '../records';
import { ancestorsOf } from './ancestry';
import { budgetsOver } from './budget-caps';

export type { ChargedCap } from '../records';

const KEY_BALANCE = 'key/';

/** The name of the balance in which a key's spend is counted. */
export function keyBalanceName(keyId: string): string {
  return KEY_BALANCE + keyId;
}

/** The key whose spend a balance counts; `undefined` where it counts a subject's. */
export function keyIdOf(balanceName: string): string | undefined {
  return balanceName.startsWith(KEY_BALANCE) ? balanceName.slice(KEY_BALANCE.length) : undefined;
}

/**
 * Every cap over a key: its own first, then those of the keys above it, then the budgets.
 *
 * @throws BrokerRefusal where the store lacks a key above it: a cap that is missing is a cap that is reached.
 */
export function capsOver(book: Book, key: KeyRecord): ChargedCap[] {
  const parents = ancestorsOf(book, key).map((parent) => keyCap(book, parent, 'parent'));
  const own = keyCap(book, key, 'key');
  return [own, ...parents, ...budgetsOver(book, key)];
}

/** The cap of a key itself, as `scope` names it to the call. */
export function keyCap(book: Book, key: KeyRecord, scope: 'key' | 'parent'): ChargedCap {
  const balanceName = keyBalanceName(key.id);
  return { scope, capMicros: key.capMicros, balance: book.balance(balanceName), balanceName };
}

/**
 * The refusal of a hold that would pass a cap; `undefined` where it fits. What costs nothing always does.
 *
 * @param undoneMicros What a refund takes back beside that, which fits.
 * @param hidesAmount Whether it does not say how large the hold would be.
 */
export function capRefusal(
  caps: readonly CapState[],
  micros: MicroUsd,
  undoneMicros: MicroUsd = 0,
  hidesAmount = false,
): BrokerRefusal | undefined {
  if (micros === 0) return undefined;
  const passed = caps.find((cap) => cap.isShadow !== true && remainingOf(cap) < micros);
  if (passed === undefined) return undefined;
  const { scope, capMicros, balance, period = 'day' } = passed;
  const within = period === 'day' ? '' : ` ${periodText(period)}`;
  const besides = undoneMicros === 0 ? '' : ` beside ${usdText(undoneMicros)} that it takes back`;
  return new BrokerRefusal(
    'cap_exhausted',
    `This call needs ${hidesAmount ? 'more' : usdText(micros)}${hidesAmount ? '' : besides}, but ${usdText(remainingOf(passed))} remain of the ${scope}'s cap of ${usdText(capMicros)}${within}. Do not retry it.`,
    {
      scope,
      ...(period === 'day' ? {} : { period }),
      cap_usd: toUsd(capMicros),
      spent_usd: toUsd(balance.spent),
      held_usd: toUsd(balance.held),
      ...undoneView(balance.undone),
      ...(hidesAmount ? {} : { requested_usd: toUsd(micros) }),
      ...(hidesAmount || undoneMicros === 0 ? {} : { takes_back_usd: toUsd(undoneMicros) }),
      remaining_usd: toUsd(remainingOf(passed)),
      ...(passed.resetsAt === undefined ? {} : { resets_at: passed.resetsAt }),
    },
  );
}

/** What the tightest of the caps that refuse leaves once `micros` are held. */
export function remainingAfter(caps: readonly CapState[], micros: MicroUsd): MicroUsd {
  return Math.min(...enforced(caps).map((cap) => remainingOf(cap))) - micros;
}

/** The caps that refuse calls. */
export function enforced<Cap extends CapState>(caps: readonly Cap[]): Cap[] {
  return caps.filter(({ isShadow }) => isShadow !== true);
}

/** The caps that only record, and would refuse a hold. What they leave no room to undo would be spend. */
export function wouldRefuse(
  caps: readonly ChargedCap[],
  micros: MicroUsd,
  undoneMicros: MicroUsd,
): BudgetCap[] {
  return caps.filter((cap): cap is BudgetCap => {
    if (cap.isShadow !== true) return false;
    const room = Math.max(0, cap.capMicros - cap.balance.undone);
    const spend = micros + Math.max(0, undoneMicros - room);
    return spend > 0 && remainingOf(cap) < spend;
  });
}

/** What is left under a cap; negative where the vendor reported more than was held. */
export function remainingOf({ capMicros, balance }: CapState): MicroUsd {
  return capMicros - balance.spent - balance.held;
}
