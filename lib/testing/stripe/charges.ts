import { formatAmount } from './currencies';
import { endpoint, listEndpoint } from './endpoint';
import type { Endpoint, Execution } from './endpoint';
import { mergeMetadata } from './metadata';
import {
  allUnmodelled,
  amount,
  currency,
  feeAmount,
  flag,
  hash,
  metadata,
  missingParam,
  required,
  text,
  unsettableText,
} from './param-rules';
import { newId } from './new-id';
import { noBillingDetails } from './stripe-account';
import { StripeError } from './stripe-error';
import type { Charge, Metadata, PaymentIntent, StoredPaymentMethod } from './stripe-objects';
import type { Decline } from './test-cards';
import { declineOf } from './test-cards';

interface ChargeOrder {
  amount: number;
  currency: string;
  method: StoredPaymentMethod;
  capture: boolean;
  customer: string | null;
  metadata: Metadata;
  intent?: PaymentIntent;
  decline?: Decline | undefined;
  description?: string | null;
  applicationFee?: number | null;
  onBehalfOf?: string | null;
  receiptEmail?: string | null;
  shipping?: Record<string, unknown> | null;
  statementDescriptor?: string | null;
  statementDescriptorSuffix?: string | null;
  transferData?: Record<string, unknown> | null;
  transferGroup?: string | null;
}

/** Asks the issuer: a charge comes of it either way, and money moves only where there is no decline. */
export function placeCharge(run: Execution, order: ChargeOrder): Charge {
  const decline =
    run.decline === undefined
      ? (order.decline ?? order.method.card.decline)
      : declineOf(run.decline);
  const id = newId('ch_');
  const charged = decline === undefined && order.capture;
  const { card } = order.method;
  const charge: Charge = {
    id,
    object: 'charge',
    amount: order.amount,
    amount_captured: charged ? order.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: order.applicationFee ?? null,
    balance_transaction: null,
    billing_details: noBillingDetails(),
    calculated_statement_descriptor: order.statementDescriptor ?? 'OFFLINE',
    captured: charged,
    created: run.account.now(),
    currency: order.currency,
    customer: order.customer,
    description: order.description ?? null,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: { ...order.metadata },
    on_behalf_of: order.onBehalfOf ?? null,
    outcome:
      decline === undefined
        ? {
            advice_code: null,
            network_advice_code: null,
            network_decline_code: null,
            network_status: 'approved_by_network',
            reason: null,
            risk_level: 'normal',
            seller_message: 'Payment complete.',
            type: 'authorized',
          }
        : {
            advice_code: 'try_again_later',
            network_advice_code: null,
            network_decline_code: null,
            network_status: 'declined_by_network',
            reason: decline.declineCode,
            risk_level: 'normal',
            seller_message: 'The bank declined the payment.',
            type: 'issuer_declined',
          },
    paid: decline === undefined,
    payment_intent: order.intent?.id ?? null,
    payment_method: order.method.shown.id,
    payment_method_details: {
      card: {
        amount_authorized: decline === undefined ? order.amount : null,
        brand: card.brand,
        checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
        country: 'US',
        exp_month: order.method.shown.card['exp_month'],
        exp_year: order.method.shown.card['exp_year'],
        funding: card.funding,
        last4: card.last4,
        network: card.brand,
        three_d_secure: null,
        wallet: null,
      },
      type: 'card',
    },
    receipt_email: order.receiptEmail ?? null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: order.shipping ?? null,
    source_transfer: null,
    statement_descriptor: order.statementDescriptor ?? null,
    statement_descriptor_suffix: order.statementDescriptorSuffix ?? null,
    status: decline === undefined ? 'succeeded' : 'failed',
    transfer_data: order.transferData ?? null,
    transfer_group: order.transferGroup ?? null,
  };
  run.account.charges.add(charge);
  if (decline === undefined) {
    if (order.capture) recordBalance(run, charge, order.amount);
    run.move({
      kind: order.capture ? 'charge' : 'authorization',
      amount: order.amount,
      currency: order.currency,
      id,
      paymentIntent: charge.payment_intent,
      customer: charge.customer,
      metadata: { ...(order.intent?.metadata ?? charge.metadata) },
    });
  }
  return charge;
}

/** Takes part or all of what a charge has authorized. */
export function captureCharge(
  run: Execution,
  charge: Charge,
  captured: number,
  ofIntent?: PaymentIntent,
): void {
  charge.captured = true;
  charge.amount_captured += captured;
  recordBalance(run, charge, captured);
  run.move({
    kind: 'capture',
    amount: captured,
    currency: charge.currency,
    id: charge.id,
    paymentIntent: charge.payment_intent,
    customer: charge.customer,
    metadata: { ...(ofIntent?.metadata ?? charge.metadata) },
  });
}

function recordBalance({ account }: Execution, charge: Charge, moved: number): void {
  charge.balance_transaction = account.addBalanceTransaction({
    amount: moved,
    currency: charge.currency,
    description: charge.description,
    source: charge.id,
    type: 'charge',
  });
}

/** The 402 of a decline, without what only a PaymentIntent's has. */
export function cardError(
  charge: Charge,
  decline: Decline,
  fields: Record<string, unknown> = {},
): StripeError {
  return new StripeError(402, 'card_error', decline.message, {
    charge: charge.id,
    code: decline.code,
    decline_code: decline.declineCode,
    ...fields,
  });
}

/** What a failed charge says about why. */
export function declineOfCharge(charge: Charge): Decline | undefined {
  if (charge.status === 'succeeded') return undefined;
  return {
    code: charge.failure_code ?? 'card_declined',
    message: charge.failure_message ?? '',
    declineCode: String(charge.outcome['reason']),
  };
}

export const chargeEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/charges',
    'charge',
    {
      amount: required(amount),
      currency: required(currency),
      application_fee_amount: feeAmount,
      capture: flag,
      customer: text,
      description: unsettableText,
      metadata,
      on_behalf_of: text,
      receipt_email: unsettableText,
      shipping: hash,
      source: text,
      statement_descriptor: unsettableText,
      statement_descriptor_suffix: unsettableText,
      transfer_data: hash,
      transfer_group: text,
      ...allUnmodelled('application_fee', 'destination', 'radar_options'),
    },
    (run, params) => {
      const customer = params.customer === undefined ? null : run.account.customer(params.customer);
      let method: StoredPaymentMethod | undefined;
      if (params.source !== undefined) {
        method = run.account.source(params.source, customer?.id ?? null);
      } else if (customer !== null) {
        method = run.account.defaultSources.get(customer.id);
        if (method === undefined) {
          throw new StripeError(
            402,
            'card_error',
            'Cannot charge a customer that has no active card',
            { code: 'missing', param: 'card' },
          );
        }
      } else {
        throw missingParam('source');
      }
      const charge = placeCharge(run, {
        amount: params.amount,
        currency: params.currency,
        method,
        capture: params.capture ?? true,
        customer: customer?.id ?? null,
        metadata: mergeMetadata({}, params.metadata),
        description: params.description ?? null,
        applicationFee: params.application_fee_amount ?? null,
        onBehalfOf: params.on_behalf_of ?? null,
        receiptEmail: params.receipt_email ?? null,
        shipping: params.shipping ?? null,
        statementDescriptor: params.statement_descriptor ?? null,
        statementDescriptorSuffix: params.statement_descriptor_suffix ?? null,
        transferData: params.transfer_data ?? null,
        transferGroup: params.transfer_group ?? null,
      });
      const decline = declineOfCharge(charge);
      if (decline !== undefined) throw cardError(charge, decline);
      return charge;
    },
  ),

  endpoint('GET', '/v1/charges/:id', 'charge', {}, ({ account, id }) =>
    account.charges.get(id, 'id'),
  ),

  endpoint(
    'POST',
    '/v1/charges/:id',
    'charge',
    {
      description: unsettableText,
      metadata,
      receipt_email: unsettableText,
      shipping: hash,
      ...allUnmodelled('customer', 'fraud_details', 'transfer_group'),
    },
    ({ account, id }, params) => {
      const charge = account.charges.get(id, 'id');
      if (params.description !== undefined) charge.description = params.description;
      charge.metadata = mergeMetadata(charge.metadata, params.metadata);
      if (params.receipt_email !== undefined) charge.receipt_email = params.receipt_email;
      if (params.shipping !== undefined) charge.shipping = params.shipping;
      return charge;
    },
  ),

  listEndpoint<Charge>('/v1/charges', 'charge', (account) => account.charges, [
    'customer',
    'payment_intent',
    'transfer_group',
  ]),

  endpoint(
    'POST',
    '/v1/charges/:id/capture',
    'charge',
    {
      amount,
      ...allUnmodelled(
        'application_fee',
        'application_fee_amount',
        'receipt_email',
        'statement_descriptor',
        'statement_descriptor_suffix',
        'transfer_data',
        'transfer_group',
      ),
    },
    (run, params) => {
      const charge = run.account.charges.get(run.id, 'charge');
      if (charge.payment_intent !== null) {
        throw StripeError.invalid(
          `This charge belongs to the PaymentIntent ${charge.payment_intent} and can only be captured through it.`,
          { code: 'charge_invalid_parameter' },
        );
      }
      if (charge.captured) {
        throw StripeError.invalid(`Charge ${charge.id} has already been captured.`, {
          code: 'charge_already_captured',
        });
      }
      if (charge.refunded) {
        throw StripeError.invalid(`Charge ${charge.id} has already been refunded.`, {
          code: 'charge_already_refunded',
        });
      }
      if (charge.status === 'failed') {
        throw StripeError.invalid(`Charge ${charge.id} has failed and cannot be captured.`);
      }
      const captured = params.amount ?? charge.amount;
      if (captured > charge.amount) {
        throw StripeError.invalid(
          `Amount to capture (${formatAmount(captured, charge.currency)}) is greater than the amount authorized ` +
            `(${formatAmount(charge.amount, charge.currency)}).`,
          { code: 'amount_too_large', param: 'amount' },
        );
      }
      captureCharge(run, charge, captured);
      return charge;
    },
  ),
];
