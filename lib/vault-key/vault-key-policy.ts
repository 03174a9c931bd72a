import type { BrokerDialect } from '../broker-client/broker-client';
import { patternFault } from '../contract/pattern';
import { EXPIRES_IN_RULE, parseExpiresIn } from '../contract/expires-in';
import { capFault } from '../contract/usd';
import { vendorNameFault } from '../contract/vendor-name';
import { limitsFaults } from './vault-key-limits';
import type { VaultKeyLimits } from './vault-key-limits';
import { toWholeCents } from './whole-cents';

/** The account a key is for by default, and the kind of account it is. */
export const DEFAULT_VENDOR = 'stripe';

/** What a vault key may do, and for how long. */
export interface VaultKeyPolicy {
  /**
   * What all calls made with the key may cost together, over its whole life: USD, 0 to 1,000,000,
   * rounded down to the cent. Midnight refills nothing: what limits a user's day is `budgets`.
   */
  dailyUsdCap: number;
  /**
   * The vendor endpoints the key opens, 1 to 100 patterns. `*` matches exactly one path segment;
   * a pattern without a method grants GET and POST.
   *
   * @example ['GET /v1/charges', '/v1/payment_intents', '/v1/payment_intents/*']
   */
  allowedEndpoints: readonly string[];
  /**
   * The account the key is for: the name of an entry of the broker's vendors.
   *
   * @default what the option `account` of `VaultKeyModule` gives, else 'stripe'
   */
  vendor?: string | undefined;
  /**
   * How long the key lives if nothing revokes it, `1s` to `24h`: set it to the longest invocation.
   *
   * @default '5m'
   */
  expiresIn?: string | undefined;
  /**
   * What each call must keep to beside the cap. The limits of a key hold for the keys of the
   * invocations inside its own, too.
   */
  limits?: VaultKeyLimits | undefined;
  /**
   * A call after which its object may cost more than this needs an approval: USD, 0 to 1,000,000, rounded
   * down to the cent. It holds for the keys of the invocations inside its own, too.
   */
  approveAbove?: number | undefined;
}

/** What is wrong with one field of a policy. */
export interface PolicyIssue {
  /** The field, for an item of a list with its place: `allowedEndpoints[1]`. */
  field: string;
  message: string;
  example: string;
}

const MAX_PATTERNS = 100;

/** The fault of a `dailyUsdCap`, if it has one. */
export function dailyUsdCapFault(value: unknown): PolicyIssue | undefined {
  const message = capFault(toWholeCents(value));
  return message === undefined
    ? undefined
    : { field: 'dailyUsdCap', message, example: 'dailyUsdCap: 500' };
}

/**
 * The faults of `allowedEndpoints`, each pattern's by its place.
 *
 * @param kind What the key's account is at; `undefined` where that is not known here.
 */
export function allowedEndpointsFaults(
  value: unknown,
  kind: string | undefined,
  dialect: BrokerDialect,
): PolicyIssue[] {
  const example = "allowedEndpoints: ['/v1/payment_intents', '/v1/payment_intents/*']";
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_PATTERNS) {
    const message = `must be an array of 1 to ${MAX_PATTERNS} patterns`;
    return [{ field: 'allowedEndpoints', message, example }];
  }
  const prefix = kind === DEFAULT_VENDOR ? '/v1/' : '/';
  const faults: PolicyIssue[] = [];
  value.forEach((pattern: unknown, i) => {
    const fault =
      typeof pattern === 'string'
        ? (patternFault(pattern, prefix) ?? methodFault(pattern, dialect))
        : 'is not a string';
    if (fault === undefined) return;
    const shown = typeof pattern === 'string' ? `("${pattern.slice(0, 64)}") ` : '';
    faults.push({ field: `allowedEndpoints[${i}]`, message: `${shown}${fault}`, example });
  });
  return faults;
}

function methodFault(pattern: string, dialect: BrokerDialect): string | undefined {
  return dialect === 'keybrake' && pattern.includes(' ')
    ? "names a method, which a server of Keybrake's dialect does not enforce"
    : undefined;
}

/** The fault of a `vendor`'s name, if it has one. */
export function vendorFault(value: unknown): PolicyIssue | undefined {
  if (value === undefined) return undefined;
  const message = vendorNameFault(value);
  return message === undefined
    ? undefined
    : { field: 'vendor', message, example: "vendor: 'stripe'" };
}

/** The fault of an `expiresIn`, if it has one. */
export function expiresInFault(value: unknown): PolicyIssue | undefined {
  if (value === undefined || parseExpiresIn(value) !== undefined) return undefined;
  return { field: 'expiresIn', message: EXPIRES_IN_RULE, example: "expiresIn: '5m'" };
}

/** The fault of an `approveAbove`, if it has one. `undefined` is its absence. */
export function approveAboveFault(value: unknown, dialect: BrokerDialect): PolicyIssue | undefined {
  if (value === undefined) return undefined;
  const message =
    dialect === 'keybrake'
      ? 'is not enforced by a broker of the "keybrake" dialect: leave it out, or use `embedded` or a vault-key-broker of your own'
      : typeof value === 'function'
        ? undefined
        : capFault(toWholeCents(value));
  return message === undefined
    ? undefined
    : { field: 'approveAbove', message, example: 'approveAbove: 100' };
}

/**
 * All that is wrong with a policy whose values are known.
 *
 * @param broker What it speaks, and what a policy is for that names no vendor, where that is known.
 */
export function policyFaults(
  policy: VaultKeyPolicy,
  { dialect, defaultVendor }: { dialect: BrokerDialect; defaultVendor: string | undefined },
): PolicyIssue[] {
  return [
    dailyUsdCapFault(policy.dailyUsdCap),
    ...allowedEndpointsFaults(policy.allowedEndpoints, policy.vendor ?? defaultVendor, dialect),
    vendorFault(policy.vendor),
    expiresInFault(policy.expiresIn),
    ...limitsFaults(policy.limits, dialect),
    approveAboveFault(policy.approveAbove, dialect),
  ].filter((fault) => fault !== undefined);
}
