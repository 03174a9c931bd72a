import { confirmIntent } from '../confirm-payment-intent';
import type { Execution } from '../endpoint';
import { makeIntent } from '../make-payment-intent';
import { newId } from '../new-id';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import type { PaymentIntent } from '../stripe-objects';
import type { Invoice } from './billing-objects';
import { listOf, refreshInvoice } from './make-invoice';
import { markPaid, subscriptionOf } from './settle-invoice';

/**
 * The payment method an invoice is charged to: its own, its subscription's, the customer's.
 * https://docs.stripe.com/api/invoices/object
 */
export function methodFor(account: StripeAccount, invoice: Invoice): string | null {
  const id = subscriptionOf(invoice);
  const subscription = id === null ? undefined : account.billing.subscriptions.find(id);
  return (
    invoice.default_payment_method ??
    subscription?.default_payment_method ??
    defaultMethodOf(account, invoice.customer)
  );
}

export function defaultMethodOf(account: StripeAccount, customer: string): string | null {
  const settings = account.customers.find(customer)?.invoice_settings;
  const method = settings?.['default_payment_method'];
  if (typeof method === 'string') return method;
  return account.defaultSources.get(customer)?.shown.id ?? null;
}

export function noMethod(): StripeError {
  return StripeError.invalid(
    'This customer has no attached payment source or default payment method. Please consider adding a default payment method.',
    { code: 'resource_missing' },
  );
}

/** Makes a draft final: its number, what is due, and the PaymentIntent that will pay it. */
export function finalizeInvoice(run: Execution, invoice: Invoice): void {
  const { account } = run;
  const customer = account.customers.find(invoice.customer);
  invoice.starting_balance = customer?.balance ?? 0;
  refreshInvoice(account, invoice);
  const left = Math.min(0, invoice.total + invoice.starting_balance);
  invoice.ending_balance = left;
  if (customer !== undefined) customer.balance = left;
  invoice.status = 'open';
  invoice.automatically_finalizes_at = null;
  invoice.number = `${customer?.invoice_prefix ?? 'OFFLINE'}-${String(account.billing.invoices.size).padStart(4, '0')}`;
  invoice.hosted_invoice_url = `https://invoice.stripe.com/i/${account.id}/test_${invoice.id}`;
  invoice.status_transitions.finalized_at = account.now();
  if (invoice.amount_due === 0) {
    markPaid(run, invoice);
    return;
  }
  const intent = makeIntent(account, {
    amount: invoice.amount_due,
    automatic_payment_methods: null,
    currency: invoice.currency,
    customer: invoice.customer,
    description: invoice.description ?? 'Payment for Invoice',
    metadata: {},
    on_behalf_of: invoice.on_behalf_of,
    statement_descriptor: invoice.statement_descriptor,
  });
  account.billing.invoiceOfIntent.set(intent.id, invoice.id);
  invoice.confirmation_secret = { client_secret: intent.client_secret, type: 'payment_intent' };
  invoice.payments = listOf(
    [
      {
        id: newId('inpay_'),
        object: 'invoice_payment',
        amount_paid: null,
        amount_requested: invoice.amount_due,
        created: account.now(),
        currency: invoice.currency,
        invoice: invoice.id,
        is_default: true,
        livemode: false,
        payment: { payment_intent: intent.id, type: 'payment_intent' },
        status: 'open',
        status_transitions: { canceled_at: null, paid_at: null },
      },
    ],
    '/v1/invoice_payments',
  );
}

/** The PaymentIntent of an invoice that is final and not paid. */
export function intentOf(account: StripeAccount, invoice: Invoice): PaymentIntent | undefined {
  const payment = invoice.payments.data.find(({ status }) => status === 'open');
  return payment === undefined
    ? undefined
    : account.paymentIntents.find(payment.payment.payment_intent);
}

/**
 * Charges an invoice that is final.
 *
 * @param method charged in place of the invoice's own
 * @throws {StripeError} 402 for a decline, 400 where there is nothing to charge
 */
export function chargeInvoice(run: Execution, invoice: Invoice, method?: string): void {
  const { account } = run;
  const chosen = method ?? methodFor(account, invoice);
  if (chosen === null) throw noMethod();
  const intent = intentOf(account, invoice);
  if (intent === undefined) throw StripeError.invalid(`Invoice ${invoice.id} has nothing to pay.`);
  invoice.attempted = true;
  invoice.attempt_count += 1;
  confirmIntent(run, intent, {
    paymentMethod: chosen,
    offSession: true,
    errorOnRequiresAction: false,
  });
  markPaid(run, invoice);
}

/**
 * As {@link chargeInvoice}, where a decline is no error of the call.
 *
 * @returns the refusal, if there was one
 */
export function tryCharge(run: Execution, invoice: Invoice): StripeError | undefined {
  try {
    chargeInvoice(run, invoice);
    return undefined;
  } catch (error) {
    if (error instanceof StripeError) return error;
    throw error;
  }
}

/** Ends an invoice that will not be paid. */
export function voidInvoice(account: StripeAccount, invoice: Invoice): void {
  const intent = intentOf(account, invoice);
  if (intent !== undefined) {
    intent.status = 'canceled';
    intent.canceled_at = account.now();
    intent.cancellation_reason = 'void_invoice';
  }
  for (const payment of invoice.payments.data) {
    if (payment.status === 'open') payment.status = 'canceled';
  }
  invoice.status = 'void';
  invoice.auto_advance = false;
  invoice.amount_remaining = 0;
  invoice.status_transitions.voided_at = account.now();
}
