import {
  assertReturnUrl,
  automaticMethodsOf,
  automaticPaymentMethods,
  returnUrl,
  typesOf,
} from './automatic-payment-methods';
import { settleInvoiceOf } from './billing/settle-invoice';
import { captureCharge } from './charges';
import {
  UNCONFIRMED,
  confirmIntent,
  confirmationOf,
  refuseUnlessStatus,
  unexpectedState,
} from './confirm-payment-intent';
import { formatAmount } from './currencies';
import { endpoint, listEndpoint } from './endpoint';
import type { Endpoint } from './endpoint';
import { makeIntent } from './make-payment-intent';
import { mergeMetadata } from './metadata';
import {
  allUnmodelled,
  amount,
  currency,
  feeAmount,
  flag,
  hash,
  metadata,
  oneOf,
  required,
  text,
  texts,
  unmodelled,
  unsettableText,
} from './param-rules';
import { StripeError } from './stripe-error';
import type { PaymentIntent } from './stripe-objects';

const captureMethod = oneOf('automatic', 'automatic_async', 'manual');

/** `off_session` is a boolean, or `one_off` or `recurring`, both of which mean yes. */
const offSession = oneOf('true', 'false', 'one_off', 'recurring');

export const paymentIntentEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/payment_intents',
    'payment_intent',
    {
      amount: required(amount),
      currency: required(currency),
      allowed_payment_method_types: texts,
      application_fee_amount: feeAmount,
      automatic_payment_methods: automaticPaymentMethods,
      capture_method: captureMethod,
      confirm: flag,
      confirmation_method: oneOf('automatic', 'manual'),
      customer: text,
      description: unsettableText,
      error_on_requires_action: flag,
      metadata,
      off_session: offSession,
      on_behalf_of: text,
      payment_method: text,
      payment_method_options: hash,
      payment_method_types: texts,
      receipt_email: unsettableText,
      return_url: returnUrl,
      setup_future_usage: oneOf('off_session', 'on_session'),
      shipping: hash,
      statement_descriptor: unsettableText,
      statement_descriptor_suffix: unsettableText,
      transfer_data: hash,
      transfer_group: text,
      use_stripe_sdk: flag,
      ...allUnmodelled(
        'amount_details',
        'confirmation_token',
        'customer_account',
        'excluded_payment_method_types',
        'hooks',
        'mandate',
        'mandate_data',
        'payment_details',
        'payment_method_configuration',
        'payment_method_data',
        'radar_options',
      ),
    },
    (run, params) => {
      const automatic = automaticMethodsOf(params, run.apiVersion);
      if (params.confirm === true) assertReturnUrl(automatic, params);
      const { account } = run;
      const customer = params.customer === undefined ? null : account.customer(params.customer).id;
      const method =
        params.payment_method === undefined
          ? null
          : account.paymentMethod(params.payment_method, customer).shown.id;
      const intent = makeIntent(account, {
        ...params,
        allowed_payment_method_types: params.allowed_payment_method_types ?? null,
        automatic_payment_methods: automatic,
        customer,
        metadata: mergeMetadata({}, params.metadata),
        payment_method: method,
        payment_method_options: params.payment_method_options ?? {},
        payment_method_types: typesOf(params, run.apiVersion) ?? ['card'],
      });
      if (params.confirm === true) {
        confirmIntent(run, intent, confirmationOf({ ...params, payment_method: undefined }));
      }
      return intent;
    },
  ),

  endpoint(
    'GET',
    '/v1/payment_intents/:id',
    'payment_intent',
    { client_secret: unmodelled },
    ({ account, id }) => account.paymentIntents.get(id, 'intent'),
  ),

  listEndpoint<PaymentIntent>(
    '/v1/payment_intents',
    'payment_intent',
    (account) => account.paymentIntents,
    ['customer'],
  ),

  endpoint(
    'POST',
    '/v1/payment_intents/:id/confirm',
    'payment_intent',
    {
      allowed_payment_method_types: texts,
      amount_to_confirm: amount,
      capture_method: captureMethod,
      error_on_requires_action: flag,
      off_session: offSession,
      payment_method: text,
      payment_method_types: texts,
      receipt_email: unsettableText,
      return_url: returnUrl,
      setup_future_usage: oneOf('off_session', 'on_session', ''),
      use_stripe_sdk: flag,
      ...allUnmodelled(
        'amount_details',
        'confirmation_token',
        'excluded_payment_method_types',
        'hooks',
        'mandate',
        'mandate_data',
        'payment_details',
        'payment_method_data',
        'payment_method_options',
        'radar_options',
        'shipping',
      ),
    },
    (run, params) => {
      const intent = run.account.paymentIntents.get(run.id, 'intent');
      if (intent.status === 'succeeded') {
        throw unexpectedState(
          intent,
          'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.',
        );
      }
      refuseUnlessStatus(intent, 'confirmed', ...UNCONFIRMED);
      if (params.amount_to_confirm !== undefined && params.amount_to_confirm !== intent.amount) {
        throw StripeError.invalid(
          `The amount to confirm (${formatAmount(params.amount_to_confirm, intent.currency)}) does not match the ` +
            `amount of the PaymentIntent (${formatAmount(intent.amount, intent.currency)}).`,
          { param: 'amount_to_confirm' },
        );
      }
      const types = typesOf(params, run.apiVersion);
      if (types !== undefined) {
        intent.payment_method_types = types;
        intent.automatic_payment_methods = null;
      }
      assertReturnUrl(intent.automatic_payment_methods, params, intent);
      if (params.capture_method !== undefined) intent.capture_method = params.capture_method;
      if (params.receipt_email !== undefined) intent.receipt_email = params.receipt_email;
      if (params.setup_future_usage !== undefined) {
        intent.setup_future_usage = params.setup_future_usage || null;
      }
      confirmIntent(run, intent, confirmationOf(params));
      settleInvoiceOf(run, intent);
      return intent;
    },
  ),

  endpoint(
    'POST',
    '/v1/payment_intents/:id/capture',
    'payment_intent',
    {
      amount_to_capture: amount,
      application_fee_amount: feeAmount,
      final_capture: flag,
      metadata,
      statement_descriptor: unsettableText,
      statement_descriptor_suffix: unsettableText,
      ...allUnmodelled('amount_details', 'hooks', 'payment_details', 'transfer_data'),
    },
    (run, params) => {
      const intent = run.account.paymentIntents.get(run.id, 'intent');
      refuseUnlessStatus(intent, 'captured', 'requires_capture');
      const captured = params.amount_to_capture ?? intent.amount_capturable;
      if (captured > intent.amount_capturable) {
        throw StripeError.invalid(
          `The amount to capture (${formatAmount(captured, intent.currency)}) is greater than the amount you can ` +
            `capture (${formatAmount(intent.amount_capturable, intent.currency)}).`,
          { code: 'amount_too_large', param: 'amount_to_capture' },
        );
      }
      intent.metadata = mergeMetadata(intent.metadata, params.metadata);
      if (params.application_fee_amount !== undefined) {
        intent.application_fee_amount = params.application_fee_amount;
      }
      if (params.statement_descriptor !== undefined) {
        intent.statement_descriptor = params.statement_descriptor;
      }
      if (params.statement_descriptor_suffix !== undefined) {
        intent.statement_descriptor_suffix = params.statement_descriptor_suffix;
      }
      captureCharge(
        run,
        run.account.charges.get(intent.latest_charge ?? '', 'id'),
        captured,
        intent,
      );
      intent.amount_received += captured;
      const more = params.final_capture === false && captured < intent.amount_capturable;
      intent.amount_capturable = more ? intent.amount_capturable - captured : 0;
      if (!more) intent.status = 'succeeded';
      return intent;
    },
  ),

  endpoint(
    'POST',
    '/v1/payment_intents/:id/cancel',
    'payment_intent',
    {
      cancellation_reason: oneOf('abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'),
    },
    ({ account, id }, params) => {
      const intent = account.paymentIntents.get(id, 'intent');
      refuseUnlessStatus(
        intent,
        'canceled',
        'requires_payment_method',
        'requires_capture',
        'requires_confirmation',
        'requires_action',
      );
      // What was reserved and not taken is given back: https://docs.stripe.com/api/payment_intents/cancel
      const charge = account.charges.find(intent.latest_charge ?? '');
      if (intent.status === 'requires_capture' && charge !== undefined) {
        charge.amount_refunded = charge.amount - charge.amount_captured;
        charge.refunded = true;
      }
      intent.status = 'canceled';
      intent.amount_capturable = 0;
      intent.canceled_at = account.now();
      intent.cancellation_reason = params.cancellation_reason ?? null;
      intent.next_action = null;
      return intent;
    },
  ),
];
