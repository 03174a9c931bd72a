import { newId } from './new-id';
import type { StripeAccount } from './stripe-account';
import type { PaymentIntent } from './stripe-objects';

/** What a new PaymentIntent is told; the rest is as Stripe begins. */
export type IntentOrder = Pick<PaymentIntent, 'amount' | 'currency' | 'customer'> & {
  [Field in Exclude<keyof PaymentIntent, 'amount_details'>]?: PaymentIntent[Field] | undefined;
};

/** A PaymentIntent that nobody has confirmed yet. */
export function makeIntent(account: StripeAccount, order: IntentOrder): PaymentIntent {
  const id = newId('pi_');
  return account.paymentIntents.add({
    id,
    object: 'payment_intent',
    allowed_payment_method_types: order.allowed_payment_method_types ?? null,
    amount: order.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: order.application_fee_amount ?? null,
    automatic_payment_methods: order.automatic_payment_methods ?? null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: order.capture_method ?? 'automatic_async',
    client_secret: newId(`${id}_secret_`),
    confirmation_method: order.confirmation_method ?? 'automatic',
    created: account.now(),
    currency: order.currency,
    customer: order.customer,
    description: order.description ?? null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    metadata: order.metadata ?? {},
    next_action: null,
    on_behalf_of: order.on_behalf_of ?? null,
    payment_method: order.payment_method ?? null,
    payment_method_configuration_details: null,
    payment_method_options: order.payment_method_options ?? {},
    payment_method_types: order.payment_method_types ?? ['card'],
    processing: null,
    receipt_email: order.receipt_email ?? null,
    review: null,
    setup_future_usage: order.setup_future_usage ?? null,
    shipping: order.shipping ?? null,
    source: null,
    statement_descriptor: order.statement_descriptor ?? null,
    statement_descriptor_suffix: order.statement_descriptor_suffix ?? null,
    status:
      (order.payment_method ?? null) === null ? 'requires_payment_method' : 'requires_confirmation',
    transfer_data: order.transfer_data ?? null,
    transfer_group: order.transfer_group ?? null,
  });
}
