"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.checkExpansion = checkExpansion;
const refusal_1 = require("../refusal");
const parameters_1 = require("./parameters");
const EXPAND = /^\W*expand(?:\W|$)/i;
/** `number` and `cvc` of an issued card, and the numbers of accounts and persons. */
const SHOWN_ON_DEMAND = /^(?:cvc|number|\w+_number)$/;
/**
 * Refuses a call that asks for card or account numbers: whoever has them pays without the broker.
 *
 * @throws BrokerRefusal `parameter_not_allowed`.
 */
function checkExpansion(query, parameters = []) {
    const asked = [
        ...(query ?? '').split(/[&;]/).map((pair) => {
            const equals = pair.indexOf('=');
            return equals === -1
                ? [decoded(pair), '']
                : [decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1))];
        }),
        ...parameters.map(({ path, value }) => [(0, parameters_1.nameOf)(path), value]),
    ];
    for (const [name, value] of asked) {
        if (!EXPAND.test(name))
            continue;
        const shown = value
            .toLowerCase()
            .split(/\W+/)
            .find((part) => SHOWN_ON_DEMAND.test(part));
        if (shown === undefined)
            continue;
        throw new refusal_1.BrokerRefusal(403, 'parameter_not_allowed', `The broker does not show a card's or an account's ${shown}: with it money could be moved past the cap. Leave ${shown} out of expand.`, { parameter: 'expand' });
    }
}
function decoded(text) {
    try {
        return decodeURIComponent(text.replaceAll('+', ' '));
    }
    catch {
        return text;
    }
}
