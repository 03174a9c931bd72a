import type { Execution } from '../endpoint';
import type { PaymentIntent } from '../stripe-objects';
import type { Invoice } from './billing-objects';

/** An invoice that nothing more is owed of. */
export function markPaid(run: Execution, invoice: Invoice): void {
  const { account } = run;
  const now = account.now();
  invoice.status = 'paid';
  invoice.attempted = true;
  invoice.auto_advance = false;
  invoice.next_payment_attempt = null;
  invoice.amount_paid = invoice.amount_due;
  invoice.amount_remaining = 0;
  invoice.status_transitions.paid_at = now;
  for (const payment of invoice.payments.data) {
    if (payment.status !== 'open') continue;
    payment.status = 'paid';
    payment.amount_paid = payment.amount_requested;
    payment.status_transitions.paid_at = now;
  }
  const id = subscriptionOf(invoice);
  const subscription = id === null ? undefined : account.billing.subscriptions.find(id);
  const waits = ['incomplete', 'past_due', 'unpaid'];
  if (
    subscription !== undefined &&
    subscription.latest_invoice === invoice.id &&
    waits.includes(subscription.status)
  ) {
    subscription.status = 'active';
  }
}

export function subscriptionOf(invoice: Invoice): string | null {
  const details = invoice.parent?.['subscription_details'] as
    { subscription: string } | null | undefined;
  return details?.subscription ?? null;
}

/** Where a PaymentIntent that has succeeded pays an invoice, that invoice is paid. */
export function settleInvoiceOf(run: Execution, intent: PaymentIntent): void {
  if (intent.status !== 'succeeded') return;
  const id = run.account.billing.invoiceOfIntent.get(intent.id);
  const invoice = id === undefined ? undefined : run.account.billing.invoices.find(id);
  if (invoice?.status === 'open') markPaid(run, invoice);
}
