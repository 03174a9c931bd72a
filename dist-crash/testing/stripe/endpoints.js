"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.findEndpoint = findEndpoint;
const charges_1 = require("./charges");
const customers_1 = require("./customers");
const payment_intents_1 = require("./payment-intents");
const payouts_1 = require("./payouts");
const refunds_1 = require("./refunds");
const stripe_error_1 = require("./stripe-error");
const table = new Map([
    ...payment_intents_1.paymentIntentEndpoints,
    ...charges_1.chargeEndpoints,
    ...refunds_1.refundEndpoints,
    ...customers_1.customerEndpoints,
    ...payouts_1.payoutEndpoints,
].map((each) => [`${each.method} ${each.path}`, each]));
/**
 * The endpoint behind a path, which is taken as it was sent: nothing is decoded or normalised.
 *
 * @throws {StripeError} 404 where there is none
 */
function findEndpoint(method, path) {
    const [root, version, resource, id, ...rest] = path.split('/');
    if (root === '' && version === 'v1' && id !== '') {
        const template = [`${method} /v1/${resource}`, ...(id === undefined ? [] : [':id', ...rest])];
        const found = table.get(template.join('/'));
        if (found !== undefined)
            return { endpoint: found, id: id ?? '' };
    }
    throw stripe_error_1.StripeError.unrecognizedUrl(method, path);
}
