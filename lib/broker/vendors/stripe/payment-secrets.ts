import { isExpanded } from './expansion';
import { isSecretParameter } from './secret-parameters';
import type { ShownSecret, VendorSecrets } from '../vendor';

/** The secret with which a browser confirms a payment: `pi_3Mtw_secret_YrKJ`. */
const SECRET = /(pi_\w+?)_secret_/;
const SECRET_NAME = 'client_secret';
/** How Stripe's errors name a secret key: `rk_live_****KZ3o`, with its end. */
const KEY_TAIL = /\b[rs]k_(?:live|test)_\*+\w{1,12}/g;
/** What shows payments though nothing of it is expanded. */
const SHOWS_PAYMENTS: ReadonlySet<string> = new Set(['payment_intents', 'events']);

/** Where Stripe's answers show what confirms a payment without the broker. */
export const paymentSecrets: VendorSecrets = {
  mayShow(method, segments, query, parameters) {
    const shows = method === 'GET' && SHOWS_PAYMENTS.has(segments[0] ?? '');
    return shows || isExpanded(query, parameters);
  },

  isParameter: isSecretParameter,

  withoutKeyTails(text) {
    return text.replace(KEY_TAIL, "the broker's secret key");
  },

  inText(text) {
    return text.includes(SECRET_NAME) || SECRET.test(text);
  },

  shown(body) {
    return [...textsIn(body)].flatMap(({ holder, name, value, remove }): ShownSecret[] => {
      const id = paymentOf(holder, name, value);
      return id === undefined ? [] : [{ id, ...sumOf(holder, id), remove }];
    });
  },

  all(body) {
    return [...textsIn(body)].filter(
      ({ name, value }) => name === SECRET_NAME || SECRET.test(value),
    );
  },
};

interface FoundText {
  holder: object;
  name: string;
  value: string;
  remove(): void;
}

function* textsIn(body: unknown): Generator<FoundText> {
  // By hand, since an answer may be nested deeper than the stack.
  const open: unknown[] = [body];
  while (open.length > 0) {
    const holder = open.pop();
    if (typeof holder !== 'object' || holder === null) continue;
    for (const [name, value] of Object.entries(holder) as [string, unknown][]) {
      if (typeof value === 'object') open.push(value);
      if (typeof value !== 'string') continue;
      const remove = (): void => {
        if (Array.isArray(holder)) holder[Number(name)] = null;
        else Reflect.deleteProperty(holder, name);
      };
      yield { holder, name, value, remove };
    }
  }
}

function paymentOf(holder: object, name: string, value: string): string | undefined {
  const id = SECRET.exec(value)?.[1];
  if (id !== undefined) return id;
  const { object, id: own } = holder as { object?: unknown; id?: unknown };
  if (name !== SECRET_NAME || object !== 'payment_intent') return undefined;
  return typeof own === 'string' ? own : '';
}

function sumOf(holder: object, id: string): { amount?: number; currency?: string } {
  const { id: own, amount, currency } = holder as Record<string, unknown>;
  if (own !== id || typeof amount !== 'number' || typeof currency !== 'string') return {};
  return { amount, currency: currency.toLowerCase() };
}
