import { NO_CONFIGURED_PRICES } from '../../pricing/configured-prices';
import { parseFormBody } from '../../pricing/form-body';
import type { Price, PriceableCall } from '../../pricing/price';
import { stripe } from './stripe';

function call(path: string, body: string): PriceableCall {
  const parameters = parseFormBody(body);
  return { method: 'POST', segments: path.split('/'), parameters, decimals: new Set() };
}
const refund = (body: string) => stripe.price(call('refunds', body), NO_CONFIGURED_PRICES);
const codeOf = (body: string): unknown => {
  try {
    return refund(body).kind;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a refund may be undone', () => {
  it.each([
    'payment_intent=pi_1',
    'charge=ch_1&amount=5',
    'charge=ch_1&reason=duplicate&metadata[a]=b&metadata[customer]=c&expand[]=charge',
    'payment_intent=pi_1&reverse_transfer=true&refund_application_fee=true',
  ])('that says %s', (body) => {
    expect(refund(body)).toMatchObject({ kind: 'refund', canUndo: true });
  });

  it.each(['currency=usd', 'instructions_email=a%40example.com'])(
    'but not one that says %s beside its payment',
    (more) => {
      expect(refund(`payment_intent=pi_1&${more}`)).toMatchObject({
        kind: 'refund',
        canUndo: false,
      });
    },
  );

  it.each(['customer=cus_1', 'origin=customer_balance'])('and %s is refused', (more) => {
    expect(codeOf(`payment_intent=pi_1&${more}`)).toBe('parameter_not_allowed');
  });

  it('reverses a transfer only where it says so, once and plainly', () => {
    const reverses = (more: string) =>
      (refund(`charge=ch_1${more}`) as Extract<Price, { kind: 'refund' }>).reversesTransfer;
    expect(reverses('&reverse_transfer=true')).toBe(true);
    for (const more of [
      '',
      '&reverse_transfer=false',
      '&reverse_transfer=',
      '&reverse_transfer=1',
    ]) {
      expect([more, reverses(more)]).toEqual([more, false]);
    }
    expect(codeOf('charge=ch_1&reverse_transfer[]=true')).toBe('invalid_amount');
  });
});

it.each([
  ['a PaymentIntent of one’s own', { transfer_data: null }, undefined],
  ['a charge of one’s own', { destination: null, transfer_data: null }, undefined],
  ['a PaymentIntent with a destination', { transfer_data: { destination: 'acct_1' } }, true],
  ['one that is expanded', { transfer_data: { destination: { id: 'acct_1' } } }, true],
  ['an earlier charge with a destination', { destination: 'acct_1', transfer_data: null }, true],
])('%s is known as one', (_, fields, hasDestination) => {
  const create = call('payment_intents', 'amount=5&currency=usd');
  const body = { id: 'pi_1', amount: 5, currency: 'usd', ...fields };
  const price = stripe.price(create, NO_CONFIGURED_PRICES);
  const { object } = stripe.outcome(price, create, 200, body, NO_CONFIGURED_PRICES);
  expect(object?.hasDestination).toBe(hasDestination);
});
