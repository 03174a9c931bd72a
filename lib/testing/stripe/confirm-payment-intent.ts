import { cardError, declineOfCharge, placeCharge } from './charges';
import type { Execution } from './endpoint';
import { StripeError } from './stripe-error';
import type { PaymentIntent } from './stripe-objects';
import { declineOf } from './test-cards';

/** How a PaymentIntent is confirmed. */
export interface Confirmation {
  paymentMethod: string | undefined;
  offSession: boolean;
  errorOnRequiresAction: boolean;
}

export function confirmationOf(params: {
  payment_method?: string | undefined;
  off_session?: 'true' | 'false' | 'one_off' | 'recurring' | undefined;
  error_on_requires_action?: boolean | undefined;
}): Confirmation {
  return {
    paymentMethod: params.payment_method,
    offSession: params.off_session !== undefined && params.off_session !== 'false',
    errorOnRequiresAction: params.error_on_requires_action ?? false,
  };
}

/**
 * Asks the issuer for the money of a PaymentIntent.
 *
 * @throws {StripeError} 402 for a decline, 400 where there is no payment method
 */
export function confirmIntent(run: Execution, intent: PaymentIntent, how: Confirmation): void {
  const { account } = run;
  if (how.paymentMethod !== undefined) {
    intent.payment_method = account.paymentMethod(how.paymentMethod, intent.customer).shown.id;
  }
  const method =
    intent.payment_method === null ? undefined : account.findPaymentMethod(intent.payment_method);
  if (method === undefined) {
    throw unexpectedState(
      intent,
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the " +
        'PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method.',
    );
  }
  const wantsCardholder = method.card.authentication === true && run.decline === undefined;
  if (wantsCardholder && !how.offSession && !how.errorOnRequiresAction) {
    intent.status = 'requires_action';
    intent.next_action = { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure' } };
    return;
  }

  const capture = intent.capture_method !== 'manual';
  const charge = placeCharge(run, {
    amount: intent.amount,
    currency: intent.currency,
    method,
    capture,
    intent,
    decline: wantsCardholder ? declineOf('authentication_required') : undefined,
    customer: intent.customer,
    metadata: intent.metadata,
    description: intent.description,
    applicationFee: intent.application_fee_amount,
    onBehalfOf: intent.on_behalf_of,
    receiptEmail: intent.receipt_email,
    shipping: intent.shipping,
    statementDescriptor: intent.statement_descriptor,
    statementDescriptorSuffix: intent.statement_descriptor_suffix,
    transferData: intent.transfer_data,
    transferGroup: intent.transfer_group,
  });
  intent.latest_charge = charge.id;
  intent.next_action = null;

  const decline = declineOfCharge(charge);
  if (decline !== undefined) {
    intent.status = 'requires_payment_method';
    intent.payment_method = null;
    const error = cardError(charge, decline, { payment_method: method.shown });
    intent.last_payment_error = error.toBody().error;
    throw cardError(charge, decline, { payment_intent: intent, payment_method: method.shown });
  }
  intent.last_payment_error = null;
  intent.status = capture ? 'succeeded' : 'requires_capture';
  if (capture) intent.amount_received = intent.amount;
  else intent.amount_capturable = intent.amount;
}

/** What a PaymentIntent is while it can be confirmed, and changed. */
export const UNCONFIRMED: readonly PaymentIntent['status'][] = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
];

export function unexpectedState(intent: PaymentIntent, message: string): StripeError {
  return StripeError.invalid(message, {
    code: 'payment_intent_unexpected_state',
    payment_intent: intent,
  });
}

export function refuseUnlessStatus(
  intent: PaymentIntent,
  done: string,
  ...allowed: PaymentIntent['status'][]
): void {
  if (allowed.includes(intent.status)) return;
  throw unexpectedState(
    intent,
    `This PaymentIntent could not be ${done} because it has a status of ${intent.status}. ` +
      `Only a PaymentIntent with one of the following statuses may be ${done}: ${allowed.join(', ')}.`,
  );
}
