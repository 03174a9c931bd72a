import { formatAmount } from './currencies';
import { endpoint, listEndpoint } from './endpoint';
import type { Endpoint, Execution } from './endpoint';
import { mergeMetadata } from './metadata';
import { allUnmodelled, amount, metadata, oneOf, text } from './param-rules';
import { newId } from './new-id';
import { StripeError } from './stripe-error';
import type { Charge, Metadata, Refund } from './stripe-objects';

function chargeToRefund(
  { account }: Execution,
  params: { charge?: string | undefined; payment_intent?: string | undefined },
): Charge {
  if (params.charge !== undefined) return account.charges.get(params.charge, 'charge');
  const intent = account.paymentIntents.get(params.payment_intent!, 'payment_intent');
  const charge =
    intent.latest_charge === null ? undefined : account.charges.find(intent.latest_charge);
  if (charge === undefined || charge.status !== 'succeeded' || !charge.captured) {
    throw StripeError.invalid(
      `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`,
      { param: 'payment_intent' },
    );
  }
  return charge;
}

function refusal(charge: Charge, refunded: number | undefined): StripeError | undefined {
  if (charge.status === 'failed') {
    return StripeError.invalid(`Charge ${charge.id} has failed and cannot be refunded.`);
  }
  if (charge.refunded) {
    return StripeError.invalid(`Charge ${charge.id} has already been refunded.`, {
      code: 'charge_already_refunded',
    });
  }
  if (!charge.captured) {
    if (charge.payment_intent !== null) {
      return StripeError.invalid(
        `Charge ${charge.id} is not captured: cancel the PaymentIntent ${charge.payment_intent} instead.`,
      );
    }
    if (refunded !== undefined && refunded !== charge.amount) {
      return StripeError.invalid(
        `Charge ${charge.id} is not captured: its authorization can only be released in full.`,
        { param: 'amount' },
      );
    }
    return undefined;
  }
  const rest = charge.amount_captured - charge.amount_refunded;
  if (refunded !== undefined && refunded > rest) {
    const [asked, left] = [refunded, rest].map((each) => formatAmount(each, charge.currency));
    return StripeError.invalid(
      `Refund amount (${asked}) is greater than ${charge.amount_refunded > 0 ? 'unrefunded amount on charge' : 'charge amount'} (${left})`,
      { param: 'amount' },
    );
  }
  return undefined;
}

/** Gives back what a charge has taken, or releases what it has reserved; all that is left of it without an amount. */
export function makeRefund(
  run: Execution,
  charge: Charge,
  order: { amount: number | undefined; metadata: Metadata; reason: string | null },
): Refund {
  const { captured } = charge;
  const refunded =
    order.amount ?? (captured ? charge.amount_captured - charge.amount_refunded : charge.amount);
  const id = newId('re_');
  const refund: Refund = {
    id,
    object: 'refund',
    amount: refunded,
    balance_transaction: captured
      ? run.account.addBalanceTransaction({
          amount: -refunded,
          currency: charge.currency,
          description: null,
          source: id,
          type: 'refund',
        })
      : null,
    charge: charge.id,
    created: run.account.now(),
    currency: charge.currency,
    destination_details: { card: { type: captured ? 'refund' : 'reversal' }, type: 'card' },
    metadata: order.metadata,
    payment_intent: charge.payment_intent,
    reason: order.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  };
  run.account.refunds.add(refund);
  charge.amount_refunded += refunded;
  charge.refunded = charge.amount_refunded >= (captured ? charge.amount_captured : charge.amount);
  // Releasing an authorization gives back nothing that was taken.
  if (captured) {
    run.move({
      kind: 'refund',
      amount: refunded,
      currency: charge.currency,
      id,
      paymentIntent: charge.payment_intent,
      customer: charge.customer,
      metadata: { ...refund.metadata },
    });
  }
  return refund;
}

export const refundEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/refunds',
    'refund',
    {
      amount,
      charge: text,
      metadata,
      payment_intent: text,
      reason: oneOf('duplicate', 'fraudulent', 'requested_by_customer'),
      ...allUnmodelled(
        'currency',
        'customer',
        'instructions_email',
        'origin',
        'refund_application_fee',
        'reverse_transfer',
      ),
    },
    (run, params) => {
      if (params.charge === undefined && params.payment_intent === undefined) {
        throw StripeError.invalid(
          'One of the following params should be provided for this request: payment_intent or charge.',
        );
      }
      const charge = chargeToRefund(run, params);
      if (params.payment_intent !== undefined && charge.payment_intent !== params.payment_intent) {
        throw StripeError.invalid(
          `Charge ${charge.id} does not belong to the PaymentIntent ${params.payment_intent}.`,
          { param: 'charge' },
        );
      }
      const refused = refusal(charge, params.amount);
      if (refused !== undefined) throw refused;

      return makeRefund(run, charge, {
        amount: params.amount,
        metadata: mergeMetadata({}, params.metadata),
        reason: params.reason ?? null,
      });
    },
  ),

  endpoint('POST', '/v1/refunds/:id', 'refund', { metadata }, ({ account, id }, params) => {
    const refund = account.refunds.get(id, 'id');
    refund.metadata = mergeMetadata(refund.metadata, params.metadata);
    return refund;
  }),

  endpoint('GET', '/v1/refunds/:id', 'refund', {}, ({ account, id }) =>
    account.refunds.get(id, 'id'),
  ),

  listEndpoint<Refund>('/v1/refunds', 'refund', (account) => account.refunds, [
    'charge',
    'payment_intent',
  ]),
];
