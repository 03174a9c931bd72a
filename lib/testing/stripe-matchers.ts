import { inspect } from 'node:util';
import type { StripeVendor } from './stripe-vendor';
import type { FormValue } from './stripe/form-params';
import type {
  MoneyMovement,
  MoneyMovementKind,
  StripeBook,
  StripeCall,
} from './stripe/stripe-book';
import type { StripeCallMatch } from './stripe/stripe-script';

/** Jest's own asymmetric matchers: `expect.any(Number)`, `expect.stringMatching(/^cus_/)`. */
export interface AsymmetricMatch {
  asymmetricMatch(other: unknown): boolean;
}

/** Which movements of money a spec expects. What is left out may be anything. */
export interface ExpectedMoney {
  /** In the currency's minor unit: 1250 is $12.50. */
  amount?: number | AsymmetricMatch;
  /** Three letters, in any case. */
  currency?: string | AsymmetricMatch;
  /**
   * Exactly how many such movements.
   *
   * @default at least one
   */
  times?: number;
  /** `cus_…`, or `null` for money of no customer's. */
  customer?: string | AsymmetricMatch | null;
  /** `pi_…` */
  paymentIntent?: string | AsymmetricMatch | null;
  /** These entries, among others. Stripe keeps them as text: `{ order: 7 }` is found as `'7'`. */
  metadata?: Readonly<Record<string, string | number | boolean | AsymmetricMatch>>;
}

/** A parameter that a spec expects. Forms are text: `1200` and `true` are found as `'1200'` and `'true'`. */
export type ExpectedParam =
  | string
  | number
  | boolean
  | AsymmetricMatch
  | undefined
  | readonly ExpectedParam[]
  | { readonly [name: string]: ExpectedParam };

/** Parameters that a spec expects, among others; `undefined` for one that must not be there. */
export type ExpectedParams = Readonly<Record<string, ExpectedParam>>;

/** What `expect(vendor)` can do once {@link stripeMatchers} are registered. */
export interface StripeMatchers<R = void> {
  /**
   * The vendor has taken this money from a card: what it executed counts, not what it was asked.
   * An authorization counts once it is captured; a decline and a replay never do.
   *
   * @example
   * expect(vendor).toHaveCharged({ amount: 1200, currency: 'usd', times: 1 });
   * expect(vendor).not.toHaveCharged();
   */
  toHaveCharged(expected?: ExpectedMoney): R;
  /**
   * The vendor has paid this money back.
   *
   * @example
   * expect(vendor).toHaveRefunded({ amount: 1200, paymentIntent: 'pi_…' });
   */
  toHaveRefunded(expected?: ExpectedMoney): R;
  /**
   * A call has arrived at the vendor, whatever came of it. What the broker refused has not.
   *
   * @param call `[METHOD ]/path` with `*` for one segment, or a function of the call.
   * @param params What the call's form or query holds, among others.
   * @example
   * expect(vendor).toHaveReceived('POST /v1/payment_intents', { amount: 1200 });
   * expect(vendor).not.toHaveReceived('POST /v1/payouts');
   */
  toHaveReceived(call: StripeCallMatch, params?: ExpectedParams): R;
}

interface MatcherResult {
  pass: boolean;
  message(): string;
}

interface MatcherContext {
  readonly isNot?: boolean;
}

type Matcher<Name extends keyof StripeMatchers> = (
  this: MatcherContext,
  received: unknown,
  ...expected: Parameters<StripeMatchers[Name]>
) => MatcherResult;

const MONEY_FIELDS: readonly string[] = [
  'amount',
  'currency',
  'customer',
  'metadata',
  'paymentIntent',
  'times',
] satisfies (keyof ExpectedMoney)[];
const MAX_LINES = 20;

/**
 * The matchers for `expect.extend`, where importing `nestjs-vault-key/testing/jest` does not fit.
 *
 * @example
 * expect.extend(stripeMatchers);
 */
export const stripeMatchers: { readonly [Name in keyof StripeMatchers]: Matcher<Name> } = {
  toHaveCharged(received, expected = {}) {
    return compareMoney('toHaveCharged', this, received, expected, ['charge', 'capture']);
  },

  toHaveRefunded(received, expected = {}) {
    return compareMoney('toHaveRefunded', this, received, expected, ['refund']);
  },

  toHaveReceived(received, call, params = {}) {
    const vendor = vendorOf('toHaveReceived', received);
    if (this.isNot === true) assertWhole(vendor.book);
    const found = vendor.calls(call).filter((each) => holds(each.params, params));
    return {
      pass: found.length > 0,
      message: () => {
        const given = Object.keys(params).length === 0 ? [call] : [call, params];
        const shown = this.isNot === true ? found : vendor.book.entries;
        return [headline('toHaveReceived', this, given), '', ...callLines(shown)].join('\n');
      },
    };
  },
};

function compareMoney(
  name: 'toHaveCharged' | 'toHaveRefunded',
  context: MatcherContext,
  received: unknown,
  expected: ExpectedMoney,
  kinds: readonly MoneyMovementKind[],
): MatcherResult {
  const { book } = vendorOf(name, received);
  assertExpected(name, expected);
  const { times } = expected;
  if (context.isNot === true || times !== undefined) assertWhole(book);
  const found = book.executed.filter(
    (movement) => kinds.includes(movement.kind) && isExpected(movement, expected),
  );
  return {
    pass: times === undefined ? found.length > 0 : found.length === times,
    message: () => {
      const count = times === undefined ? [] : [`Times: ${found.length}`];
      const lines =
        book.executed.length > 0
          ? ['The vendor has executed:', ...latest(book.executed.map(moneyLine))]
          : ['The vendor has executed no movement of money.', '', ...callLines(book.entries)];
      return [headline(name, context, [expected]), '', ...count, ...lines].join('\n');
    },
  };
}

/** What is told of all calls can only be told while the book has them all. */
function assertWhole(book: StripeBook): void {
  if (book.forgotten === 0) return;
  throw new RangeError(
    `The vendor's book has forgotten ${book.forgotten} calls and movements, so that they cannot all be counted: ` +
      'start the vendor with a larger `keep`, or reset it between tests.',
  );
}

function isExpected(movement: MoneyMovement, expected: ExpectedMoney): boolean {
  const { amount, currency, customer, paymentIntent, metadata = {} } = expected;
  return (
    fits(movement.amount, amount) &&
    fits(movement.currency, typeof currency === 'string' ? currency.toLowerCase() : currency) &&
    fits(movement.customer, customer) &&
    fits(movement.paymentIntent, paymentIntent) &&
    holds(movement.metadata, metadata)
  );
}

function fits(actual: unknown, expected: unknown): boolean {
  if (expected === undefined) return true;
  return isAsymmetric(expected) ? expected.asymmetricMatch(actual) : actual === expected;
}

/** Whether all expected parameters are among those of a form, whose every leaf is text. */
function holds(form: Readonly<Record<string, FormValue>>, expected: ExpectedParams): boolean {
  return Object.entries(expected).every(([name, param]) => isParam(form[name], param));
}

function isParam(value: FormValue | undefined, expected: ExpectedParam): boolean {
  if (expected === undefined || value === undefined) return value === expected;
  if (typeof expected !== 'object') return value === String(expected);
  if (isAsymmetric(expected)) return expected.asymmetricMatch(value);
  if (isList(expected)) {
    return (
      Array.isArray(value) &&
      value.length === expected.length &&
      expected.every((each, index) => isParam(value[index], each))
    );
  }
  return typeof value === 'object' && !Array.isArray(value) && holds(value, expected);
}

function isList(value: object): value is readonly ExpectedParam[] {
  return Array.isArray(value);
}

function isAsymmetric(value: unknown): value is AsymmetricMatch {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<AsymmetricMatch>).asymmetricMatch === 'function'
  );
}

// By its shape and not its class: a spec that resets its modules has two of the class.
function vendorOf(name: string, received: unknown): StripeVendor {
  const vendor = received as Partial<StripeVendor> | null | undefined;
  if (typeof vendor?.calls === 'function' && Array.isArray(vendor.book?.executed)) {
    return vendor as StripeVendor;
  }
  const hint =
    received instanceof Promise
      ? 'a promise: await createStripeVendor() first'
      : typeof received === 'object' && received !== null
        ? `an object of ${nameOf(received)}`
        : inspect(received);
  throw new TypeError(
    `expect(…).${name}() looks into a StripeVendor, such as app.get(StripeVendor), and was given ${hint}.`,
  );
}

function nameOf(value: object): string {
  const { constructor } = value as { constructor?: { name: string } };
  return constructor?.name ?? 'no class';
}

/** A misspelt field would otherwise be one that is not looked at. */
function assertExpected(name: string, expected: ExpectedMoney): void {
  const unknown = Object.keys(expected).find((field) => !MONEY_FIELDS.includes(field));
  if (unknown !== undefined) {
    throw new TypeError(`${name}() knows no "${unknown}"; it knows ${MONEY_FIELDS.join(', ')}.`);
  }
  const { times } = expected;
  if (times !== undefined && (!Number.isInteger(times) || times < 1)) {
    throw new RangeError(`times must be a positive integer, not ${times}; for none there is .not.`);
  }
}

function headline(name: string, { isNot }: MatcherContext, given: readonly unknown[]): string {
  const shown = given.map((each) => inspect(readable(each), { depth: 6, breakLength: Infinity }));
  return `expect(vendor)${isNot === true ? '.not' : ''}.${name}(${shown.join(', ')})`;
}

/** Asymmetric matchers by what they say, not by what they are made of. */
function readable(value: unknown): unknown {
  if (isAsymmetric(value)) {
    const matcher = value as { toAsymmetricMatcher?: () => string; sample?: unknown };
    const text = matcher.toAsymmetricMatcher?.() ?? `${nameOf(value)}<${inspect(matcher.sample)}>`;
    return { [inspect.custom]: () => text };
  }
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, readable(each)]));
}

function callLines(calls: readonly StripeCall[]): string[] {
  if (calls.length === 0) return ['The vendor has received no call.'];
  const unconfirmed = calls.some(
    ({ path, params, executed }) =>
      executed && path === '/v1/payment_intents' && params['confirm'] !== 'true',
  );
  return [
    'The vendor has received:',
    ...latest(calls.map(callLine)),
    ...(unconfirmed ? ['A PaymentIntent moves money only once it is confirmed.'] : []),
  ];
}

function callLine({ method, path, params, status }: StripeCall): string {
  const form = Object.keys(params).length === 0 ? '' : ` ${JSON.stringify(params)}`;
  return `${method} ${path}${form} → ${status ?? 'no answer'}`;
}

function moneyLine(movement: MoneyMovement): string {
  const { kind, amount, currency, customer, paymentIntent, metadata } = movement;
  const rest = {
    ...(customer === null ? {} : { customer }),
    ...(paymentIntent === null ? {} : { paymentIntent }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
  return `${kind} ${amount} ${currency} ${JSON.stringify(rest)}`;
}

function latest(lines: readonly string[]): string[] {
  const shown = lines.slice(-MAX_LINES).map((line) => `  ${line}`);
  const left = lines.length - shown.length;
  return left === 0 ? shown : [`  … ${left} before these`, ...shown];
}
