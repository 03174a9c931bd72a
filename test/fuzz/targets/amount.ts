import fc from 'fast-check';
import { stripe } from '../../../lib/broker/vendors/stripe/stripe';
import { BrokerRefusal } from '../../../lib/broker/refusal';
import type { Price } from '../../../lib/broker/pricing/price';
import { decodeForm } from '../../../lib/testing/stripe/form-params';
import { mutated, seedsOf } from '../mutation';
import { must, mustEqual } from '../target';
import type { FuzzTarget } from '../target';
import { checkWritten, read } from './body';

const PARTS = [
  'form', 'json', 'payment_intents', 'refunds', 'pi_1/capture', 'pi_1/confirm', 'amount', 'amount=', 'amount=1&',
  'amount[]=1', 'amount%5B%5D=1', 'amount_to_capture=', 'amount_to_confirm=', 'currency=usd', 'currency=USD', 'Amount=1',
  ' amount=1', 'amount+=1', 'amount=%31', 'amount=1e3', 'amount=0x10', 'amount=-1', 'amount=00', 'amount=1_0',
  'amount=100000000', 'amount=99999999', '\uff11', '%EF%BC%91', '%D9%A1', 'transfer_data[amount]=2', 'application_fee_amount=9',
  'amount_details[tip][amount]=5', 'metadata[amount]=1', '"amount":1', '"amount":1.0', '"amount":"1"', '"amount":[1]',
  '"amount":1e2', '"currency":"usd"', '&', '=', ',', '{', '}', '\n', '\u0130',
]; // prettier-ignore
const AMOUNT_FIELDS: Record<string, string> = {
  capture: 'amount_to_capture',
  confirm: 'amount_to_confirm',
};

/**
 * What a body costs, against what the vendor reads in the body that leaves. The first line of an
 * input is the body's type and the path below `/v1/`.
 */
export const amount: FuzzTarget = {
  name: 'amount',
  inputs: fc.oneof(
    { weight: 4, arbitrary: mutated(seedsOf('amount'), PARTS) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.integer({ min: -2, max: 100_000_002 }),
          fc.constantFrom('usd', 'USD', 'uSd', 'eur', 'jpy'),
          fc.boolean(),
        )
        .map(([cents, currency, json]) =>
          json
            ? `json payment_intents\n${JSON.stringify({ amount: cents, currency })}`
            : `form payment_intents\namount=${cents}&currency=${currency}`,
        ),
    },
  ),
  check(input) {
    const [, type, target, text] = /^(form|json) ([\w/]{1,64})\n([^]*)$/.exec(input) ?? [];
    if ((type !== 'form' && type !== 'json') || target === undefined || text === undefined)
      return false;
    const body = read(text, type);
    if (body === undefined) return false;
    const segments = target.split('/');
    const parameters = stripe.canonical(body.parameters);
    const price = priceOf({ method: 'POST', segments, parameters, decimals: body.decimals });
    if (price === undefined || !('amount' in price)) return false;
    const written = checkWritten({ ...body, parameters });
    const vendor = decodeForm(written);
    const field = AMOUNT_FIELDS[segments[2] ?? ''] ?? 'amount';
    mustEqual(
      vendor[field] ?? null,
      price.amount === undefined ? null : String(price.amount),
      field,
    );
    if (price.amount === undefined) return true;
    must(
      Number.isInteger(price.amount) && price.amount >= 1 && price.amount <= 99_999_999,
      'range',
    );
    for (const [name, value] of new URLSearchParams(written)) {
      if (name === field || !/^[\s"']*amount(?:_to_\w+)?[\s"']*$/i.test(name)) continue;
      must(Number(value) <= price.amount, `${name} is more than ${field}`);
    }
    if ('currency' in price)
      mustEqual(vendor['currency'] ?? null, price.currency ?? null, 'currency');
    if (price.kind !== 'amount') return true;
    if (price.currency === 'usd') mustEqual(price.micros, price.amount * 10_000, 'micros');
    for (const { path, value } of parameters) {
      if (path.length > 1 && path[0] !== 'metadata' && path.at(-1) === 'amount') {
        must(Number(value) <= price.amount, `${path.join('.')} is more than the amount`);
      }
    }
    return true;
  },
};

function priceOf(call: Parameters<typeof stripe.price>[0]): Price | undefined {
  try {
    return stripe.price(call);
  } catch (error) {
    if (error instanceof BrokerRefusal) return undefined;
    throw error;
  }
}
