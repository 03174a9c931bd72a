import { appCap, dayBalanceName, dayOf, endOfDay, subjectsOf, tighter } from '../../budgets/budget';
import type { KeyRecord } from '../../keys/key';
import { toUsd, usdText } from '../../../contract/usd';
import type { MicroUsd } from '../../../contract/usd';
import { BrokerRefusal } from '../../refusal';
import type { Book } from '../book';
import type { CapState } from '../records';
import { ancestorsOf } from './ancestry';

/** A cap over a call, and the name of the balance in which the call counts. */
export interface ChargedCap extends CapState {
  balanceName: string;
}

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
  if (!book.hasBudgets && Object.keys(key.budgets).length === 0) return [own, ...parents];
  const day = dayOf(book.now);
  const budgets = subjectsOf(key.subject, key.vendor).flatMap((subject): ChargedCap[] => {
    const capMicros = tighter(book.budgetOver(subject)?.capMicros, appCap(key.budgets, subject));
    if (capMicros === undefined) return [];
    const balanceName = dayBalanceName(subject, day);
    const balance = book.balance(balanceName);
    return [
      { scope: subject.scope, capMicros, balance, balanceName, resetsAt: endOfDay(book.now) },
    ];
  });
  return [own, ...parents, ...budgets];
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
  const passed = caps.find((cap) => remainingOf(cap) < micros);
  if (passed === undefined) return undefined;
  const { scope, capMicros, balance } = passed;
  const besides = undoneMicros === 0 ? '' : ` beside ${usdText(undoneMicros)} that it takes back`;
  return new BrokerRefusal(
    'cap_exhausted',
    `This call needs ${hidesAmount ? 'more' : usdText(micros)}${hidesAmount ? '' : besides}, but ${usdText(remainingOf(passed))} remain of the ${scope}'s cap of ${usdText(capMicros)}. Do not retry it.`,
    {
      scope,
      cap_usd: toUsd(capMicros),
      spent_usd: toUsd(balance.spent),
      held_usd: toUsd(balance.held),
      ...(hidesAmount ? {} : { requested_usd: toUsd(micros) }),
      remaining_usd: toUsd(remainingOf(passed)),
      ...(passed.resetsAt === undefined ? {} : { resets_at: passed.resetsAt }),
    },
  );
}

/** What the tightest of the caps leaves once `micros` are held. */
export function remainingAfter(caps: readonly CapState[], micros: MicroUsd): MicroUsd {
  return Math.min(...caps.map((cap) => remainingOf(cap))) - micros;
}

/** What is left under a cap; negative where the vendor reported more than was held. */
export function remainingOf({ capMicros, balance }: CapState): MicroUsd {
  return capMicros - balance.spent - balance.held;
}
