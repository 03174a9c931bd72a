import { endpoint, listEndpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { mergeMetadata } from '../metadata';
import { unitAmount } from '../nested-params';
import { allUnmodelled, amount, metadata, oneOf, required, text } from '../param-rules';
import { newId } from '../new-id';
import { makeRefund } from '../refunds';
import { StripeError } from '../stripe-error';
import type { CreditNote } from './billing-objects';
import { intentOf } from './collect-invoice';
import { markPaid } from './settle-invoice';

export const creditNoteEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/credit_notes',
    'credit_note',
    {
      amount,
      credit_amount: unitAmount,
      invoice: required(text),
      memo: text,
      metadata,
      out_of_band_amount: unitAmount,
      reason: oneOf('duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory'),
      refund_amount: unitAmount,
      ...allUnmodelled('effective_at', 'email_type'),
    },
    (run, params) => {
      const { account } = run;
      const invoice = account.billing.invoices.get(params.invoice, 'invoice', 400);
      if (invoice.status !== 'open' && invoice.status !== 'paid') {
        throw StripeError.invalid(
          `You can only create a credit note for an invoice that is open or paid; ${invoice.id} is ${invoice.status}.`,
          { param: 'invoice' },
        );
      }
      if (params.amount === undefined) {
        throw StripeError.invalid('Missing required param: amount.', {
          code: 'parameter_missing',
          param: 'amount',
        });
      }
      const isPaid = invoice.status === 'paid';
      const left = isPaid
        ? invoice.amount_paid - invoice.post_payment_credit_notes_amount
        : invoice.amount_remaining;
      if (params.amount > left) {
        throw StripeError.invalid(
          `The amount of the credit note (${params.amount}) is greater than what is left of the invoice (${left}).`,
          { param: 'amount' },
        );
      }
      const parts = [params.refund_amount, params.credit_amount, params.out_of_band_amount];
      const given = parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);
      if (given !== (isPaid ? params.amount : 0)) {
        throw StripeError.invalid(
          'The sum of credit amount, refund amount and out of band amount must equal the part of the credit note that is paid.',
          { param: 'amount' },
        );
      }
      const refunds = [];
      if (params.refund_amount) {
        const paid = invoice.payments.data.find(({ status }) => status === 'paid');
        const intent = account.paymentIntents.find(paid?.payment.payment_intent ?? '');
        const charge = account.charges.find(intent?.latest_charge ?? '');
        if (charge === undefined) {
          throw StripeError.invalid(`Invoice ${invoice.id} has no charge to refund.`, {
            param: 'refund_amount',
          });
        }
        const refund = makeRefund(run, charge, {
          amount: params.refund_amount,
          metadata: {},
          reason: null,
        });
        refunds.push({ amount_refunded: refund.amount, refund: refund.id });
      }
      const customer = account.customers.find(invoice.customer);
      if (customer !== undefined) customer.balance -= params.credit_amount ?? 0;
      if (isPaid) {
        invoice.post_payment_credit_notes_amount += params.amount;
      } else {
        invoice.pre_payment_credit_notes_amount += params.amount;
        invoice.amount_due -= params.amount;
        invoice.amount_remaining -= params.amount;
        const intent = intentOf(account, invoice);
        if (intent !== undefined) intent.amount = invoice.amount_remaining;
        if (invoice.amount_remaining === 0) {
          if (intent !== undefined) intent.status = 'canceled';
          for (const payment of invoice.payments.data) payment.status = 'canceled';
          markPaid(run, invoice);
        }
      }
      return account.billing.creditNotes.add({
        id: newId('cn_'),
        object: 'credit_note',
        amount: params.amount,
        created: account.now(),
        currency: invoice.currency,
        customer: invoice.customer,
        customer_balance_transaction: null,
        invoice: invoice.id,
        livemode: false,
        memo: params.memo ?? null,
        metadata: mergeMetadata({}, params.metadata),
        number: `${invoice.number}-CN-${account.billing.creditNotes.size + 1}`,
        reason: params.reason ?? null,
        refunds,
        status: 'issued',
        total: params.amount,
        type: isPaid ? 'post_payment' : 'pre_payment',
      });
    },
  ),

  endpoint('GET', '/v1/credit_notes/:id', 'credit_note', {}, ({ account, id }) =>
    account.billing.creditNotes.get(id, 'id'),
  ),

  listEndpoint<CreditNote>(
    '/v1/credit_notes',
    'credit_note',
    (account) => account.billing.creditNotes,
    ['customer', 'invoice'],
  ),
];
