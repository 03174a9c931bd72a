import { UNCONFIRMED, refuseUnlessStatus } from './confirm-payment-intent';
import { endpoint } from './endpoint';
import type { Endpoint } from './endpoint';
import { mergeMetadata } from './metadata';
import {
  allUnmodelled,
  amount,
  currency,
  feeAmount,
  hash,
  metadata,
  oneOf,
  required,
  text,
  texts,
  unsettableText,
} from './param-rules';
import { StripeError } from './stripe-error';

export const changedIntentEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/payment_intents/:id',
    'payment_intent',
    {
      amount,
      application_fee_amount: feeAmount,
      capture_method: oneOf('automatic', 'automatic_async', 'manual'),
      currency,
      customer: text,
      description: unsettableText,
      metadata,
      payment_method: text,
      payment_method_types: texts,
      receipt_email: unsettableText,
      setup_future_usage: oneOf('', 'off_session', 'on_session'),
      shipping: hash,
      statement_descriptor: unsettableText,
      statement_descriptor_suffix: unsettableText,
      transfer_data: hash,
      transfer_group: text,
      ...allUnmodelled(
        'allowed_payment_method_types',
        'amount_details',
        'customer_account',
        'excluded_payment_method_types',
        'hooks',
        'payment_details',
        'payment_method_configuration',
        'payment_method_data',
        'payment_method_options',
      ),
    },
    ({ account, id }, params) => {
      const intent = account.paymentIntents.get(id, 'intent');
      const changesMoney = params.amount !== undefined || params.currency !== undefined;
      if (changesMoney || params.payment_method !== undefined) {
        refuseUnlessStatus(intent, 'updated', ...UNCONFIRMED);
      }
      if (params.amount !== undefined) intent.amount = params.amount;
      if (params.currency !== undefined) intent.currency = params.currency;
      if (params.customer !== undefined) intent.customer = account.customer(params.customer).id;
      if (params.application_fee_amount !== undefined) {
        intent.application_fee_amount = params.application_fee_amount;
      }
      if (params.capture_method !== undefined) intent.capture_method = params.capture_method;
      if (params.description !== undefined) intent.description = params.description;
      intent.metadata = mergeMetadata(intent.metadata, params.metadata);
      if (params.payment_method !== undefined) {
        intent.payment_method = account.paymentMethod(
          params.payment_method,
          intent.customer,
        ).shown.id;
        intent.status = 'requires_confirmation';
      }
      if (params.receipt_email !== undefined) intent.receipt_email = params.receipt_email;
      if (params.setup_future_usage !== undefined) {
        intent.setup_future_usage = params.setup_future_usage || null;
      }
      if (params.shipping !== undefined) intent.shipping = params.shipping;
      if (params.statement_descriptor !== undefined) {
        intent.statement_descriptor = params.statement_descriptor;
      }
      if (params.statement_descriptor_suffix !== undefined) {
        intent.statement_descriptor_suffix = params.statement_descriptor_suffix;
      }
      if (params.transfer_data !== undefined) intent.transfer_data = params.transfer_data;
      return intent;
    },
  ),

  endpoint(
    'POST',
    '/v1/payment_intents/:id/increment_authorization',
    'payment_intent',
    {
      amount: required(amount),
      application_fee_amount: feeAmount,
      description: unsettableText,
      metadata,
      statement_descriptor: unsettableText,
      ...allUnmodelled('amount_details', 'hooks', 'payment_details', 'transfer_data'),
    },
    (run, params) => {
      const { account, id } = run;
      const intent = account.paymentIntents.get(id, 'intent');
      refuseUnlessStatus(intent, 'incremented', 'requires_capture');
      // The new total, above what is authorized: https://docs.stripe.com/api/payment_intents/increment_authorization
      if (params.amount <= intent.amount) {
        throw StripeError.invalid(
          `The amount must be greater than the ${intent.amount} that is authorized already.`,
          { param: 'amount' },
        );
      }
      const charge = account.charges.get(intent.latest_charge ?? '', 'id');
      const more = params.amount - intent.amount;
      intent.amount = params.amount;
      intent.amount_capturable += more;
      charge.amount += more;
      if (params.description !== undefined) intent.description = params.description;
      intent.metadata = mergeMetadata(intent.metadata, params.metadata);
      run.move({
        kind: 'authorization',
        amount: more,
        currency: intent.currency,
        id: charge.id,
        paymentIntent: intent.id,
        customer: intent.customer,
        metadata: { ...intent.metadata },
      });
      return intent;
    },
  ),
];
