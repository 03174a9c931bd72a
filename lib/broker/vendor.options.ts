import { parsePattern } from '../contract/pattern';
import { DEFAULT_CONNECTIONS } from './forwarding/connection-shares';
import type { MicroUsd } from '../contract/usd';
import { DEFAULT_BODY_LIMITS } from './pricing/body-limits';
import type { BodyLimits } from './pricing/body-limits';
import { CallTable } from './pricing/call-table';
import { documentFaults, documentSettings } from './document.options';
import type { DocumentOptions } from './document.options';
import { isUsd, unknownKeys } from './option-faults';
import type { FaultSink } from './option-faults';
import type { ConfiguredPrice, ConfiguredPrices } from './pricing/configured-prices';
import { MAX_MICROS, microsAt, NO_RATES, rateOf } from './pricing/currency';
import type { Rate } from './pricing/currency';
import type { Vendor } from './vendors/vendor';
import { isRecord } from '../contract/is-record';

/** What one call costs, as the operator says: either `usd` or `field`. */
export interface PriceOptions {
  /** `METHOD /path` such as `POST /v1/checkout/sessions`; `*` matches exactly one segment. */
  call: string;
  /** US dollars that every such call holds, whatever its body says; up to 6 decimals. */
  usd?: number;
  /** The top-level parameter with the amount, in the minor unit of the body's `currency`. */
  field?: string;
  /** With `field`: the one currency of the call, for bodies that have no `currency`. */
  currency?: string;
}

/** How much of a request body is read. */
export interface BodyLimitOptions {
  /**
   * Up to 1,048,576.
   *
   * @default 65536
   */
  bodyBytes?: number;
  /**
   * Up to 10,000.
   *
   * @default 1000
   */
  parameters?: number;
  /**
   * How deep a parameter may be nested; up to 32.
   *
   * @default 8
   */
  levels?: number;
}

/** What an operator adds to what the broker knows of a vendor. */
export interface VendorRules {
  /**
   * US dollars for one major unit of a currency, by its code in lower case. Calls in a currency
   * without a rate are refused.
   *
   * @example { eur: 1.09, jpy: 0.0067 }
   */
  rates?: Readonly<Record<string, number>>;
  /**
   * Prices of calls that the broker refuses without one, and of those that it prices by objects at the vendor,
   * in place of that.
   *
   * @example [{ call: 'POST /v1/climate/orders', usd: 20 }]
   */
  prices?: readonly PriceOptions[];
  /** Calls that cost nothing, and are refused unless they are listed here: `DELETE /v1/customers/*`. */
  free?: readonly string[];
  /** Connected accounts that `Stripe-Account` and `Stripe-Context` may name. */
  accounts?: readonly string[];
  /** Request headers that are forwarded beside the usual ones, in lower case. */
  headers?: readonly string[];
  /**
   * Whether a browser confirms payments with their `client_secret`. Then the broker relays every
   * `client_secret`, and a decline that leaves a payment open keeps its hold, since the browser may
   * confirm it with another card. Otherwise it relays those alone whose whole amount is held or spent.
   *
   * @default false
   */
  clientConfirmation?: boolean;
  /** How bills are priced: checkout sessions, subscriptions, invoices, quotes, payment links. */
  documents?: DocumentOptions;
  /** How much of a request body is read. */
  limits?: BodyLimitOptions;
  /**
   * Connections to the vendor at once; from 4 to 4,096. One key may have a quarter of them, the keys
   * of one user a half, and the keys without a user together a half. A call that finds none free
   * waits for one, for a second at most; then it is refused, `overloaded`.
   *
   * @default 256
   */
  connections?: number;
}

/** What {@link VendorRules} come to. */
export interface VendorSettings {
  connections: number;
  prices: ConfiguredPrices;
  accounts: ReadonlySet<string>;
  headers: ReadonlySet<string>;
  limits: BodyLimits;
}

export const VENDOR_RULES = [
  'rates',
  'prices',
  'free',
  'accounts',
  'headers',
  'clientConfirmation',
  'documents',
  'limits',
  'connections',
];

/** Below four, a quarter would be no connection. */
const MIN_CONNECTIONS = 4;
const MAX_CONNECTIONS = 4_096;

const MAX_PER_UNIT = 1_000_000;
const MAX_FLAT_USD = 1_000_000;
const BODY_LIMITS: Readonly<Record<keyof BodyLimits, number>> = {
  bodyBytes: 1_048_576,
  parameters: 10_000,
  levels: 32,
};
/** A header that carries the call, its credentials, its account or its body is never added, nor one that tells a trace. */
const OWN_HEADERS =
  /^(?:authorization|host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|accept-encoding|content-.*|proxy-.*|cookie|stripe-account|stripe-context|stripe-version|x-http-method(?:-override)?|x-method-override|x-vault-key-.*|traceparent|tracestate|baggage|b3|x-b3-.*)$/;
const TRACE_HEADERS = /^(?:traceparent|tracestate|baggage|b3|x-b3-.*)$/;
const ACCOUNT = /^[A-Za-z0-9_]{1,128}(?:\/[A-Za-z0-9_]{1,128})*$/;

/**
 * Finds everything wrong with an operator's rules for a vendor.
 *
 * @param vendor `undefined` where it is not known: what depends on it is not looked at.
 */
export function vendorRuleFaults(
  rules: VendorRules,
  vendor: Vendor | undefined,
  path: string,
  fault: FaultSink,
): void {
  const {
    rates,
    prices,
    free,
    accounts,
    headers,
    clientConfirmation,
    documents,
    limits,
    connections,
  } = rules as Record<string, unknown>;
  if (rates !== undefined) rateFaults(rates, vendor, `${path}.rates`, fault);
  const calls = new Set<string>();
  eachOf(prices, `${path}.prices`, fault, (price, at) =>
    priceFaults(price, vendor, at, calls, fault),
  );
  eachOf(free, `${path}.free`, fault, (call, at) => callFaults(call, vendor, at, calls, fault));
  eachOf(accounts, `${path}.accounts`, fault, (account, at) => {
    if (typeof account !== 'string' || !ACCOUNT.test(account)) {
      fault(at, 'must be the id of a connected account, such as "acct_…"');
    }
  });
  eachOf(headers, `${path}.headers`, fault, (name, at) => {
    if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(name)) {
      fault(at, 'must be the name of a header in lower case');
    } else if (OWN_HEADERS.test(name)) {
      const why = TRACE_HEADERS.test(name)
        ? 'which would tell the vendor of a trace'
        : 'which only the broker itself may set';
      fault(at, `is ${name}, ${why}`);
    }
  });
  if (clientConfirmation !== undefined && typeof clientConfirmation !== 'boolean') {
    fault(`${path}.clientConfirmation`, 'must be true or false');
  }
  if (documents !== undefined) documentFaults(documents, `${path}.documents`, fault);
  if (limits !== undefined) limitFaults(limits, BODY_LIMITS, `${path}.limits`, fault);
  if (
    connections !== undefined &&
    !(
      Number.isInteger(connections) &&
      Number(connections) >= MIN_CONNECTIONS &&
      Number(connections) <= MAX_CONNECTIONS
    )
  ) {
    fault(
      `${path}.connections`,
      `must be an integer from ${MIN_CONNECTIONS} to ${MAX_CONNECTIONS}: one key may have a quarter of them`,
    );
  }
}

/** Finds everything wrong with an object of limits; each is an integer from 1 to its highest. */
export function limitFaults(
  limits: unknown,
  highest: Readonly<Record<string, number>>,
  path: string,
  fault: FaultSink,
): void {
  if (!isRecord(limits)) return fault(path, 'must be an object');
  unknownKeys(limits, Object.keys(highest), path, fault);
  for (const [name, max] of Object.entries(highest)) {
    const value = limits[name];
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > max) {
      fault(`${path}.${name}`, `must be an integer from 1 to ${max}`);
    }
  }
}

/** An operator's rules, already checked with {@link vendorRuleFaults}. */
export function vendorSettings(rules: VendorRules, vendor: Vendor): VendorSettings {
  const rates = new Map<string, Rate>();
  for (const [currency, value] of Object.entries(rules.rates ?? {})) {
    const rate = rateOf(value);
    if (rate !== undefined) rates.set(currency, rate);
  }
  const calls: [string, ConfiguredPrice][] = [
    ...(rules.prices ?? []).map(({ call, usd, field, currency }): [string, ConfiguredPrice] => [
      tableCall(call, vendor),
      field === undefined
        ? { kind: 'flat', micros: flatMicros(usd) }
        : { kind: 'field', field, ...(currency === undefined ? {} : { currency }) },
    ]),
    // After the prices: a call that has one is not free by a wider pattern.
    ...(rules.free ?? []).map((call): [string, ConfiguredPrice] => [
      tableCall(call, vendor),
      { kind: 'free' },
    ]),
  ];
  return {
    connections: rules.connections ?? DEFAULT_CONNECTIONS,
    prices: {
      rates,
      calls: new CallTable(calls),
      clientConfirmation: rules.clientConfirmation ?? false,
      documents: documentSettings(rules.documents),
    },
    accounts: new Set(rules.accounts),
    headers: new Set(rules.headers),
    limits: { ...DEFAULT_BODY_LIMITS, ...rules.limits },
  };
}

function rateFaults(
  rates: unknown,
  vendor: Vendor | undefined,
  path: string,
  fault: FaultSink,
): void {
  if (!isRecord(rates)) return fault(path, 'must be an object of rates by currency');
  for (const [currency, rate] of Object.entries(rates)) {
    const at = `${path}.${/^\w{1,16}$/.test(currency) ? currency : JSON.stringify(currency.slice(0, 16))}`;
    if (currency === 'usd') fault(at, 'is fixed: a US dollar costs 1');
    else if (vendor?.isCurrency(currency) === false) {
      fault(at, `is no currency of ${vendor.name}: its three-letter code in lower case`);
    }
    if (typeof rate !== 'number' || !(rate > 0 && rate <= MAX_PER_UNIT)) {
      fault(at, `must be the US dollars of one unit: a number above 0, up to ${MAX_PER_UNIT}`);
    }
  }
}

function priceFaults(
  price: unknown,
  vendor: Vendor | undefined,
  path: string,
  calls: Set<string>,
  fault: FaultSink,
): void {
  if (!isRecord(price)) return fault(path, 'must be an object with call, and usd or field');
  unknownKeys(price, ['call', 'usd', 'field', 'currency'], path, fault);
  const { call, usd, field, currency } = price;
  callFaults(call, vendor, `${path}.call`, calls, fault);
  if ((usd === undefined) === (field === undefined)) {
    fault(path, 'must have either usd or field');
  }
  if (usd !== undefined && !isUsd(usd, MAX_FLAT_USD)) {
    fault(
      `${path}.usd`,
      `must be a number of US dollars above 0, up to ${MAX_FLAT_USD}, with at most 6 decimals: list what costs nothing under free`,
    );
  }
  if (field !== undefined && (typeof field !== 'string' || !/^[a-z][a-z0-9_]*$/.test(field))) {
    fault(`${path}.field`, 'must be the name of a top-level parameter');
  }
  if (field === 'currency' || field === 'metadata') {
    fault(`${path}.field`, `is ${field}, which is no amount`);
  }
  if (currency === undefined) return;
  if (field === undefined) fault(`${path}.currency`, 'says something only beside field');
  if (typeof currency !== 'string' || vendor?.isCurrency(currency) === false) {
    const whose = vendor === undefined ? '' : ` of ${vendor.name}`;
    fault(`${path}.currency`, `is no currency${whose}: its three-letter code in lower case`);
  }
}

function callFaults(
  call: unknown,
  vendor: Vendor | undefined,
  path: string,
  calls: Set<string>,
  fault: FaultSink,
): void {
  if (typeof call !== 'string') return fault(path, 'must be a call such as "POST /v1/invoices"');
  const pattern = parsePattern(call, vendor?.pathPrefix ?? '/');
  if ('fault' in pattern) return fault(path, pattern.fault);
  if (pattern.method === undefined || pattern.method === 'GET') {
    return fault(path, 'must begin with a method other than GET, such as "POST /v1/invoices"');
  }
  const name = tableCall(call, vendor);
  if (name.split(' ')[1]?.startsWith('*') === true) {
    return fault(path, 'must name its resource: "*" cannot be first');
  }
  if (vendor?.pricedCalls.includes(name) === true)
    return fault(path, 'has a price that the broker knows itself');
  if (calls.has(name)) return fault(path, 'is given twice');
  calls.add(name);
}

/** Every entry of a list, or the fault of what is not a list. */
function eachOf(
  list: unknown,
  path: string,
  fault: FaultSink,
  check: (entry: unknown, path: string) => void,
): void {
  if (list === undefined) return;
  if (!Array.isArray(list)) return fault(path, 'must be an array');
  list.forEach((entry, i) => check(entry, `${path}[${i}]`));
}

function flatMicros(usd = 0): MicroUsd {
  const rate = rateOf(usd);
  return rate === undefined ? MAX_MICROS : microsAt(rate, 1, 0);
}

/** `POST /v1/invoices` as a {@link CallTable} names it: `POST invoices`. */
function tableCall(call: string, vendor: Vendor | undefined): string {
  return call.replace(` ${vendor?.pathPrefix ?? '/'}`, ' ');
}

/** The settings of a vendor of which the operator says nothing. */
export const NO_VENDOR_SETTINGS: VendorSettings = {
  connections: DEFAULT_CONNECTIONS,
  prices: { rates: NO_RATES, calls: new CallTable<ConfiguredPrice>([]) },
  accounts: new Set(),
  headers: new Set(),
  limits: DEFAULT_BODY_LIMITS,
};
