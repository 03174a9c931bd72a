"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.refundEndpoints = void 0;
const currencies_1 = require("./currencies");
const endpoint_1 = require("./endpoint");
const metadata_1 = require("./metadata");
const param_rules_1 = require("./param-rules");
const stripe_account_1 = require("./stripe-account");
const stripe_error_1 = require("./stripe-error");
function chargeToRefund({ account }, params) {
    if (params.charge !== undefined)
        return account.charges.get(params.charge, 'charge');
    const intent = account.paymentIntents.get(params.payment_intent, 'payment_intent');
    const charge = intent.latest_charge === null ? undefined : account.charges.find(intent.latest_charge);
    if (charge === undefined || charge.status !== 'succeeded' || !charge.captured) {
        throw stripe_error_1.StripeError.invalid(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`, { param: 'payment_intent' });
    }
    return charge;
}
function refusal(charge, refunded) {
    if (charge.status === 'failed') {
        return stripe_error_1.StripeError.invalid(`Charge ${charge.id} has failed and cannot be refunded.`);
    }
    if (charge.refunded) {
        return stripe_error_1.StripeError.invalid(`Charge ${charge.id} has already been refunded.`, {
            code: 'charge_already_refunded',
        });
    }
    if (!charge.captured) {
        if (charge.payment_intent !== null) {
            return stripe_error_1.StripeError.invalid(`Charge ${charge.id} is not captured: cancel the PaymentIntent ${charge.payment_intent} instead.`);
        }
        if (refunded !== undefined && refunded !== charge.amount) {
            return stripe_error_1.StripeError.invalid(`Charge ${charge.id} is not captured: its authorization can only be released in full.`, { param: 'amount' });
        }
        return undefined;
    }
    const rest = charge.amount_captured - charge.amount_refunded;
    if (refunded !== undefined && refunded > rest) {
        const [asked, left] = [refunded, rest].map((each) => (0, currencies_1.formatAmount)(each, charge.currency));
        return stripe_error_1.StripeError.invalid(`Refund amount (${asked}) is greater than ${charge.amount_refunded > 0 ? 'unrefunded amount on charge' : 'charge amount'} (${left})`, { param: 'amount' });
    }
    return undefined;
}
exports.refundEndpoints = [
    (0, endpoint_1.endpoint)('POST', '/v1/refunds', 'refund', {
        amount: param_rules_1.amount,
        charge: param_rules_1.text,
        metadata: param_rules_1.metadata,
        payment_intent: param_rules_1.text,
        reason: (0, param_rules_1.oneOf)('duplicate', 'fraudulent', 'requested_by_customer'),
        ...(0, param_rules_1.allUnmodelled)('currency', 'customer', 'instructions_email', 'origin', 'refund_application_fee', 'reverse_transfer'),
    }, (run, params) => {
        if (params.charge === undefined && params.payment_intent === undefined) {
            throw stripe_error_1.StripeError.invalid('One of the following params should be provided for this request: payment_intent or charge.');
        }
        const charge = chargeToRefund(run, params);
        if (params.payment_intent !== undefined && charge.payment_intent !== params.payment_intent) {
            throw stripe_error_1.StripeError.invalid(`Charge ${charge.id} does not belong to the PaymentIntent ${params.payment_intent}.`, { param: 'charge' });
        }
        const refused = refusal(charge, params.amount);
        if (refused !== undefined)
            throw refused;
        const { captured } = charge;
        const refunded = params.amount ??
            (captured ? charge.amount_captured - charge.amount_refunded : charge.amount);
        const id = (0, stripe_account_1.newId)('re_');
        const refund = {
            id,
            object: 'refund',
            amount: refunded,
            balance_transaction: captured
                ? run.account.addBalanceTransaction({
                    amount: -refunded,
                    currency: charge.currency,
                    description: null,
                    source: id,
                    type: 'refund',
                })
                : null,
            charge: charge.id,
            created: (0, stripe_account_1.unixNow)(),
            currency: charge.currency,
            destination_details: { card: { type: captured ? 'refund' : 'reversal' }, type: 'card' },
            metadata: (0, metadata_1.mergeMetadata)({}, params.metadata),
            payment_intent: charge.payment_intent,
            reason: params.reason ?? null,
            receipt_number: null,
            source_transfer_reversal: null,
            status: 'succeeded',
            transfer_reversal: null,
        };
        run.account.refunds.add(refund);
        charge.amount_refunded += refunded;
        charge.refunded =
            charge.amount_refunded >= (captured ? charge.amount_captured : charge.amount);
        // Releasing an authorization gives back nothing that was taken.
        if (captured) {
            run.move({
                kind: 'refund',
                amount: refunded,
                currency: charge.currency,
                id,
                paymentIntent: charge.payment_intent,
                customer: charge.customer,
                metadata: { ...refund.metadata },
            });
        }
        return refund;
    }),
    (0, endpoint_1.endpoint)('GET', '/v1/refunds/:id', 'refund', {}, ({ account, id }) => account.refunds.get(id, 'id')),
    (0, endpoint_1.listEndpoint)('/v1/refunds', 'refund', (account) => account.refunds, [
        'charge',
        'payment_intent',
    ]),
];
