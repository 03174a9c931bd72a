import type { BudgetScope } from '../budgets/budget';
import type { Balance } from '../keys/key';
import { toUsd, usdText } from '../money/usd';
import type { MicroUsd } from '../money/usd';
import { amountUnknown, checkNested, invalidAmount, priceOf } from '../pricing/amount';
import { NO_RATES } from '../pricing/currency';
import type { Price } from '../pricing/price';
import { BrokerRefusal } from '../refusal';

/** What the ledger knows of a vendor's object: its own amount in minor units, and what it may cost. */
export interface KnownObject {
  amount: number;
  currency: string;
  exposureMicros: MicroUsd;
  /** Whether the vendor said that it has come to its end: no later call adds to what it costs. */
  isFinal?: boolean;
}

/** One cap over a call, with what stands against it. */
export interface CapState {
  scope: 'key' | 'parent' | BudgetScope;
  capMicros: MicroUsd;
  balance: Balance;
  /** When a budget's day ends, ISO 8601; a key's cap covers its whole life. */
  resetsAt?: string;
}

/**
 * What a call has to hold.
 *
 * @throws BrokerRefusal where that cannot be told without knowing the object.
 */
export function holdFor(price: Price, object: KnownObject | undefined): MicroUsd {
  switch (price.kind) {
    case 'free':
    case 'cancel':
      return 0;
    case 'amount':
    case 'fee':
      return price.micros;
    case 'exposure':
    case 'change': {
      const { rates = NO_RATES, largestNested } = price;
      if (object === undefined) throw unknownObject(price.objectId);
      checkCurrency(price.currency, object);
      const amount = price.amount ?? object.amount;
      checkNested(largestNested, amount);
      if (object.isFinal === true) return 0;
      if (price.kind === 'change' && price.amount === undefined) return 0;
      return Math.max(0, priceOf(amount, object.currency, rates) - object.exposureMicros);
    }
    case 'refund': {
      if (object === undefined) throw unknownObject(price.objectId);
      checkCurrency(price.currency, object);
      const amount = price.amount ?? object.amount;
      checkNested(price.largestNested, amount);
      return priceOf(amount, object.currency, price.rates ?? NO_RATES);
    }
  }
}

/** The refusal of a hold that would pass a cap; `undefined` where it fits. What costs nothing always does. */
export function capRefusal(caps: readonly CapState[], micros: MicroUsd): BrokerRefusal | undefined {
  if (micros === 0) return undefined;
  const passed = caps.find((cap) => remainingOf(cap) < micros);
  if (passed === undefined) return undefined;
  const { scope, capMicros, balance } = passed;
  return new BrokerRefusal(
    429,
    'cap_exhausted',
    `This call needs ${usdText(micros)}, but ${usdText(remainingOf(passed))} remain of the ${scope}'s cap of ${usdText(capMicros)}. Do not retry it.`,
    {
      scope,
      cap_usd: toUsd(capMicros),
      spent_usd: toUsd(balance.spent),
      held_usd: toUsd(balance.held),
      requested_usd: toUsd(micros),
      remaining_usd: toUsd(remainingOf(passed)),
      ...(passed.resetsAt === undefined ? {} : { resets_at: passed.resetsAt }),
    },
  );
}

/** What the tightest of the caps leaves once `micros` are held. */
export function remainingAfter(caps: readonly CapState[], micros: MicroUsd): MicroUsd {
  return Math.min(...caps.map((cap) => remainingOf(cap))) - micros;
}

/** What a hold settles at, given what the object had cost before it. */
export function settlementOf(
  heldMicros: MicroUsd,
  reportedMicros: MicroUsd | undefined,
  exposureBefore: MicroUsd,
): MicroUsd {
  return Math.max(heldMicros, (reportedMicros ?? 0) - exposureBefore);
}

/** What is left under a cap; negative where the vendor reported more than was held. */
export function remainingOf({ capMicros, balance }: CapState): MicroUsd {
  return capMicros - balance.spent - balance.held;
}

function checkCurrency(given: string | undefined, object: KnownObject): void {
  if (given !== undefined && given !== object.currency) {
    throw invalidAmount('currency', `The object is in ${object.currency}, not in ${given}.`);
  }
}

function unknownObject(id: string): BrokerRefusal {
  return amountUnknown(
    id === ''
      ? 'The call names no payment, so the broker cannot tell what it costs.'
      : `The broker does not know ${id.slice(0, 64)}: it was not made through this broker, so its currency and amount are not known and the call cannot be priced.`,
  );
}
