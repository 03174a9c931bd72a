import { endpoint, listEndpoint } from './endpoint';
import type { Endpoint } from './endpoint';
import { mergeMetadata } from './metadata';
import { amount, currency, metadata, oneOf, required, text, unmodelled } from './param-rules';
import { newId } from './new-id';
import type { Payout } from './stripe-objects';

const ONE_DAY = 86_400;

export const payoutEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/payouts',
    'payout',
    {
      amount: required(amount),
      currency: required(currency),
      description: text,
      destination: text,
      metadata,
      method: oneOf('instant', 'standard'),
      payout_method: unmodelled,
      source_type: oneOf('bank_account', 'card', 'fpx'),
      statement_descriptor: text,
    },
    (run, params) => {
      const id = newId('po_');
      const created = run.account.now();
      const payout: Payout = {
        id,
        object: 'payout',
        amount: params.amount,
        application_fee: null,
        application_fee_amount: null,
        arrival_date: created + ONE_DAY,
        automatic: false,
        balance_transaction: run.account.addBalanceTransaction({
          amount: -params.amount,
          currency: params.currency,
          description: params.description ?? null,
          source: id,
          type: 'payout',
        }),
        created,
        currency: params.currency,
        description: params.description ?? null,
        destination: params.destination ?? newId('ba_'),
        failure_balance_transaction: null,
        failure_code: null,
        failure_message: null,
        livemode: false,
        metadata: mergeMetadata({}, params.metadata),
        method: params.method ?? 'standard',
        original_payout: null,
        reconciliation_status: 'not_applicable',
        reversed_by: null,
        source_type: params.source_type ?? 'card',
        statement_descriptor: params.statement_descriptor ?? null,
        status: 'pending',
        type: 'bank_account',
      };
      run.move({
        kind: 'payout',
        amount: params.amount,
        currency: params.currency,
        id,
        paymentIntent: null,
        customer: null,
        metadata: { ...payout.metadata },
      });
      return run.account.payouts.add(payout);
    },
  ),

  endpoint('GET', '/v1/payouts/:id', 'payout', {}, ({ account, id }) =>
    account.payouts.get(id, 'payout'),
  ),

  listEndpoint<Payout>('/v1/payouts', 'payout', (account) => account.payouts, [
    'destination',
    'status',
  ]),
];
