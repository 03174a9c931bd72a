"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.holdFor = holdFor;
exports.capRefusal = capRefusal;
exports.remainingAfter = remainingAfter;
exports.settlementOf = settlementOf;
exports.remainingOf = remainingOf;
const usd_1 = require("../money/usd");
const amount_1 = require("../pricing/amount");
const currency_1 = require("../pricing/currency");
const refusal_1 = require("../refusal");
/**
 * What a call has to hold.
 *
 * @throws BrokerRefusal where that cannot be told without knowing the object.
 */
function holdFor(price, object) {
    switch (price.kind) {
        case 'free':
        case 'cancel':
            return 0;
        case 'amount':
        case 'fee':
            return price.micros;
        case 'exposure':
        case 'change': {
            const { rates = currency_1.NO_RATES, largestNested } = price;
            if (object === undefined)
                throw unknownObject(price.objectId);
            checkCurrency(price.currency, object);
            const amount = price.amount ?? object.amount;
            (0, amount_1.checkNested)(largestNested, amount);
            if (object.isFinal === true)
                return 0;
            if (price.kind === 'change' && price.amount === undefined)
                return 0;
            return Math.max(0, (0, amount_1.priceOf)(amount, object.currency, rates) - object.exposureMicros);
        }
        case 'refund': {
            if (object === undefined)
                throw unknownObject(price.objectId);
            checkCurrency(price.currency, object);
            const amount = price.amount ?? object.amount;
            (0, amount_1.checkNested)(price.largestNested, amount);
            return (0, amount_1.priceOf)(amount, object.currency, price.rates ?? currency_1.NO_RATES);
        }
    }
}
/** The refusal of a hold that would pass a cap; `undefined` where it fits. What costs nothing always does. */
function capRefusal(caps, micros) {
    if (micros === 0)
        return undefined;
    const passed = caps.find((cap) => remainingOf(cap) < micros);
    if (passed === undefined)
        return undefined;
    const { scope, capMicros, balance } = passed;
    return new refusal_1.BrokerRefusal(429, 'cap_exhausted', `This call needs ${(0, usd_1.usdText)(micros)}, but ${(0, usd_1.usdText)(remainingOf(passed))} remain of the ${scope}'s cap of ${(0, usd_1.usdText)(capMicros)}. Do not retry it.`, {
        scope,
        cap_usd: (0, usd_1.toUsd)(capMicros),
        spent_usd: (0, usd_1.toUsd)(balance.spent),
        held_usd: (0, usd_1.toUsd)(balance.held),
        requested_usd: (0, usd_1.toUsd)(micros),
        remaining_usd: (0, usd_1.toUsd)(remainingOf(passed)),
        ...(passed.resetsAt === undefined ? {} : { resets_at: passed.resetsAt }),
    });
}
/** What the tightest of the caps leaves once `micros` are held. */
function remainingAfter(caps, micros) {
    return Math.min(...caps.map((cap) => remainingOf(cap))) - micros;
}
/** What a hold settles at, given what the object had cost before it. */
function settlementOf(heldMicros, reportedMicros, exposureBefore) {
    return Math.max(heldMicros, (reportedMicros ?? 0) - exposureBefore);
}
/** What is left under a cap; negative where the vendor reported more than was held. */
function remainingOf({ capMicros, balance }) {
    return capMicros - balance.spent - balance.held;
}
function checkCurrency(given, object) {
    if (given !== undefined && given !== object.currency) {
        throw (0, amount_1.invalidAmount)('currency', `The object is in ${object.currency}, not in ${given}.`);
    }
}
function unknownObject(id) {
    return (0, amount_1.amountUnknown)(id === ''
        ? 'The call names no payment, so the broker cannot tell what it costs.'
        : `The broker does not know ${id.slice(0, 64)}: it was not made through this broker, so its currency and amount are not known and the call cannot be priced.`);
}
