"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.STRIPE_CALLS = exports.STRIPE_VERSION = void 0;
/** The version of Stripe's API that this table and its parameters are written for. */
exports.STRIPE_VERSION = '2026-10-28.endive';
/**
 * What each call of Stripe's v1 costs, by method and path below `/v1/`; `*` is an id. Any other
 * call but GET is refused.
 */
exports.STRIPE_CALLS = {
    'POST payment_intents': { rule: 'new', field: 'amount' },
    'POST charges': { rule: 'new', field: 'amount' },
    'POST transfers': { rule: 'new', field: 'amount' },
    'POST payouts': { rule: 'new', field: 'amount' },
    'POST topups': { rule: 'new', field: 'amount' },
    'POST treasury/outbound_payments': { rule: 'new', field: 'amount' },
    'POST treasury/outbound_transfers': { rule: 'new', field: 'amount' },
    'POST payment_intents/*': { rule: 'change', field: 'amount' },
    'POST payment_intents/*/increment_authorization': { rule: 'change', field: 'amount' },
    'POST payment_intents/*/confirm': { rule: 'exposure', field: 'amount_to_confirm' },
    'POST payment_intents/*/capture': { rule: 'exposure', field: 'amount_to_capture' },
    'POST payment_intents/*/apply_customer_balance': { rule: 'exposure', field: 'amount' },
    'POST charges/*/capture': { rule: 'exposure', field: 'amount' },
    'POST payment_intents/*/cancel': { rule: 'cancel' },
    'POST refunds': { rule: 'refund' },
    ...free('POST customers', 'POST customers/*', 'POST customers/*/tax_ids', 'DELETE customers/*/tax_ids/*', 'POST products', 'POST products/*', 'DELETE products/*', 'POST products/*/features', 'POST prices', 'POST prices/*', 'POST payment_methods', 'POST payment_methods/*', 'POST payment_methods/*/attach', 'POST payment_methods/*/detach', 'POST setup_intents', 'POST setup_intents/*', 'POST setup_intents/*/confirm', 'POST setup_intents/*/cancel', 'POST setup_intents/*/verify_microdeposits', 'POST tokens', 'POST charges/*', 'POST refunds/*', 'POST refunds/*/cancel', 'POST transfers/*', 'POST transfers/*/reversals/*', 'POST payouts/*', 'POST topups/*', 'POST checkout/sessions/*/expire', 'POST tax_rates', 'POST tax_rates/*', 'POST reporting/report_runs'),
};
function free(...calls) {
    return Object.fromEntries(calls.map((call) => [call, { rule: 'free' }]));
}
