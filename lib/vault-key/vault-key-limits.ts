import type { BrokerDialect, KeyLimits } from '../broker-client/broker-client';
import { limitFaults } from '../contract/limit-rules';
import type { LimitName } from '../contract/limit-rules';
import { toWholeCents } from './whole-cents';

/**
 * What each call made with a key must keep to, beside the key's cap. A call that does not is refused,
 * and costs nothing. Give those that you mean; each one must have a value.
 */
export interface VaultKeyLimits {
  /**
   * What one call may make its object cost at most, a refund's whole amount included: USD, 0 to
   * 1,000,000, rounded down to the cent.
   */
  perCallUsd?: number;
  /** How many calls other than GET may be made within any 60 seconds: 1 to 100,000. */
  callsPerMinute?: number;
  /**
   * The vendor's customers (`cus_…`) that calls may reach, 1 to 100 of them. Each object that a call
   * names must belong to one of them, a call that costs must name one, and a GET shows only what is
   * theirs.
   */
  customers?: readonly string[];
  /** Where payouts and transfers may go (`acct_…`, `ba_…`), 1 to 100 of them. Each must name one. */
  destinations?: readonly string[];
  /** The currencies that a call may be in, 1 to 100 of them: `usd`. */
  currencies?: readonly string[];
}

/** What is wrong with one limit. */
export interface LimitIssue {
  /** `limits.customers`, or with its place in the list `limits.customers[1]`. */
  field: string;
  message: string;
  example: string;
}

const WIRE_NAMES: { readonly [Name in keyof VaultKeyLimits]-?: LimitName } = {
  perCallUsd: 'per_call_usd',
  callsPerMinute: 'calls_per_minute',
  customers: 'customers',
  destinations: 'destinations',
  currencies: 'currencies',
};
const EXAMPLE = 'limits: { perCallUsd: 100, callsPerMinute: 10 }';

/**
 * Every fault of limits.
 *
 * @param value As it was given: `undefined` where nothing was.
 * @param mayBeComputed Whether a limit may be a function, which is asked later.
 */
export function limitsFaults(
  value: unknown,
  dialect: BrokerDialect,
  mayBeComputed = false,
): LimitIssue[] {
  if (value === undefined) return [];
  const fault = (field: string, message: string): LimitIssue => ({
    field,
    message,
    example: EXAMPLE,
  });
  if (dialect === 'keybrake') {
    const message =
      'is not enforced by a broker of the "keybrake" dialect: leave it out, or use `embedded` or a vault-key-broker of your own';
    return [fault('limits', message)];
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [fault('limits', 'must be an object')];
  }
  const given = Object.entries(value);
  if (given.length === 0) return [fault('limits', 'is empty: leave it out, or name a limit')];
  return given.flatMap(([name, limit]) => {
    if (!isLimit(name)) {
      const known = Object.keys(WIRE_NAMES).join(', ');
      return [fault(`limits.${name}`, `is not known (known: ${known})`)];
    }
    if (mayBeComputed && typeof limit === 'function') return [];
    const faults = limitFaults(WIRE_NAMES[name], enforced(name, limit));
    return faults.map(({ item, message }) =>
      fault(`limits.${name}${item === undefined ? '' : `[${item}]`}`, message),
    );
  });
}

/** Limits without a fault as the broker is asked for them. */
export function toKeyLimits(limits: VaultKeyLimits): KeyLimits {
  return Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => [name, enforced(name, limit)]),
  );
}

/** A limit as it is enforced: what a computation leaves beyond the cent is cut off. */
function enforced(name: string, limit: unknown): unknown {
  return name === 'perCallUsd' ? toWholeCents(limit) : limit;
}

function isLimit(name: string): name is keyof VaultKeyLimits {
  return Object.hasOwn(WIRE_NAMES, name);
}
