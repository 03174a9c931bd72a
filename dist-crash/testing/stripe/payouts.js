"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.payoutEndpoints = void 0;
const endpoint_1 = require("./endpoint");
const metadata_1 = require("./metadata");
const param_rules_1 = require("./param-rules");
const stripe_account_1 = require("./stripe-account");
const ONE_DAY = 86_400;
exports.payoutEndpoints = [
    (0, endpoint_1.endpoint)('POST', '/v1/payouts', 'payout', {
        amount: (0, param_rules_1.required)(param_rules_1.amount),
        currency: (0, param_rules_1.required)(param_rules_1.currency),
        description: param_rules_1.text,
        destination: param_rules_1.text,
        metadata: param_rules_1.metadata,
        method: (0, param_rules_1.oneOf)('instant', 'standard'),
        payout_method: param_rules_1.unmodelled,
        source_type: (0, param_rules_1.oneOf)('bank_account', 'card', 'fpx'),
        statement_descriptor: param_rules_1.text,
    }, (run, params) => {
        const id = (0, stripe_account_1.newId)('po_');
        const created = (0, stripe_account_1.unixNow)();
        const payout = {
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
            destination: params.destination ?? (0, stripe_account_1.newId)('ba_'),
            failure_balance_transaction: null,
            failure_code: null,
            failure_message: null,
            livemode: false,
            metadata: (0, metadata_1.mergeMetadata)({}, params.metadata),
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
    }),
    (0, endpoint_1.endpoint)('GET', '/v1/payouts/:id', 'payout', {}, ({ account, id }) => account.payouts.get(id, 'payout')),
    (0, endpoint_1.listEndpoint)('/v1/payouts', 'payout', (account) => account.payouts, [
        'destination',
        'status',
    ]),
];
