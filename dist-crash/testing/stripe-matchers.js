"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.stripeMatchers = void 0;
const node_util_1 = require("node:util");
const MONEY_FIELDS = [
    'amount',
    'currency',
    'customer',
    'metadata',
    'paymentIntent',
    'times',
];
const MAX_LINES = 20;
/**
 * The matchers for `expect.extend`, where importing `nestjs-vault-key/testing/jest` does not fit.
 *
 * @example
 * expect.extend(stripeMatchers);
 */
exports.stripeMatchers = {
    toHaveCharged(received, expected = {}) {
        return compareMoney('toHaveCharged', this, received, expected, ['charge', 'capture']);
    },
    toHaveRefunded(received, expected = {}) {
        return compareMoney('toHaveRefunded', this, received, expected, ['refund']);
    },
    toHaveReceived(received, call, params = {}) {
        const vendor = vendorOf('toHaveReceived', received);
        if (this.isNot === true)
            assertWhole(vendor.book);
        const found = vendor.calls(call).filter((each) => holds(each.params, params));
        return {
            pass: found.length > 0,
            message: () => {
                const given = Object.keys(params).length === 0 ? [call] : [call, params];
                const shown = this.isNot === true ? found : vendor.book.entries;
                return [headline('toHaveReceived', this, given), '', ...callLines(shown)].join('\n');
            },
        };
    },
};
function compareMoney(name, context, received, expected, kinds) {
    const { book } = vendorOf(name, received);
    assertExpected(name, expected);
    const { times } = expected;
    if (context.isNot === true || times !== undefined)
        assertWhole(book);
    const found = book.executed.filter((movement) => kinds.includes(movement.kind) && isExpected(movement, expected));
    return {
        pass: times === undefined ? found.length > 0 : found.length === times,
        message: () => {
            const count = times === undefined ? [] : [`Times: ${found.length}`];
            const lines = book.executed.length > 0
                ? ['The vendor has executed:', ...latest(book.executed.map(moneyLine))]
                : ['The vendor has executed no movement of money.', '', ...callLines(book.entries)];
            return [headline(name, context, [expected]), '', ...count, ...lines].join('\n');
        },
    };
}
/** What is told of all calls can only be told while the book has them all. */
function assertWhole(book) {
    if (book.forgotten === 0)
        return;
    throw new RangeError(`The vendor's book has forgotten ${book.forgotten} calls and movements, so that nobody can count them all: ` +
        'start the vendor with a larger `keep`, or reset it between tests.');
}
function isExpected(movement, expected) {
    const { amount, currency, customer, paymentIntent, metadata = {} } = expected;
    return (fits(movement.amount, amount) &&
        fits(movement.currency, typeof currency === 'string' ? currency.toLowerCase() : currency) &&
        fits(movement.customer, customer) &&
        fits(movement.paymentIntent, paymentIntent) &&
        holds(movement.metadata, metadata));
}
function fits(actual, expected) {
    if (expected === undefined)
        return true;
    return isAsymmetric(expected) ? expected.asymmetricMatch(actual) : actual === expected;
}
/** Whether all expected parameters are among those of a form, whose every leaf is text. */
function holds(form, expected) {
    return Object.entries(expected).every(([name, param]) => isParam(form[name], param));
}
function isParam(value, expected) {
    if (expected === undefined || value === undefined)
        return value === expected;
    if (typeof expected !== 'object')
        return value === String(expected);
    if (isAsymmetric(expected))
        return expected.asymmetricMatch(value);
    if (isList(expected)) {
        return (Array.isArray(value) &&
            value.length === expected.length &&
            expected.every((each, index) => isParam(value[index], each)));
    }
    return typeof value === 'object' && !Array.isArray(value) && holds(value, expected);
}
function isList(value) {
    return Array.isArray(value);
}
function isAsymmetric(value) {
    return (typeof value === 'object' &&
        value !== null &&
        typeof value.asymmetricMatch === 'function');
}
// By its shape and not its class: a spec that resets its modules has two of the class.
function vendorOf(name, received) {
    const vendor = received;
    if (typeof vendor?.calls === 'function' && Array.isArray(vendor.book?.executed)) {
        return vendor;
    }
    const hint = received instanceof Promise
        ? 'a promise: await createStripeVendor() first'
        : typeof received === 'object' && received !== null
            ? `an object of ${nameOf(received)}`
            : (0, node_util_1.inspect)(received);
    throw new TypeError(`expect(…).${name}() looks into a StripeVendor, such as app.get(StripeVendor), and was given ${hint}.`);
}
function nameOf(value) {
    const { constructor } = value;
    return constructor?.name ?? 'no class';
}
/** A misspelt field would otherwise be one that is not looked at. */
function assertExpected(name, expected) {
    const unknown = Object.keys(expected).find((field) => !MONEY_FIELDS.includes(field));
    if (unknown !== undefined) {
        throw new TypeError(`${name}() knows no "${unknown}"; it knows ${MONEY_FIELDS.join(', ')}.`);
    }
    const { times } = expected;
    if (times !== undefined && (!Number.isInteger(times) || times < 1)) {
        throw new RangeError(`times must be a positive integer, not ${times}; for none there is .not.`);
    }
}
function headline(name, { isNot }, given) {
    const shown = given.map((each) => (0, node_util_1.inspect)(readable(each), { depth: 6, breakLength: Infinity }));
    return `expect(vendor)${isNot === true ? '.not' : ''}.${name}(${shown.join(', ')})`;
}
/** Asymmetric matchers by what they say, not by what they are made of. */
function readable(value) {
    if (isAsymmetric(value)) {
        const matcher = value;
        const text = matcher.toAsymmetricMatcher?.() ?? `${nameOf(value)}<${(0, node_util_1.inspect)(matcher.sample)}>`;
        return { [node_util_1.inspect.custom]: () => text };
    }
    if (Array.isArray(value))
        return value.map(readable);
    if (typeof value !== 'object' || value === null)
        return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, readable(each)]));
}
function callLines(calls) {
    if (calls.length === 0)
        return ['The vendor has received no call.'];
    const unconfirmed = calls.some(({ path, params, executed }) => executed && path === '/v1/payment_intents' && params['confirm'] !== 'true');
    return [
        'The vendor has received:',
        ...latest(calls.map(callLine)),
        ...(unconfirmed ? ['A PaymentIntent moves money only once it is confirmed.'] : []),
    ];
}
function callLine({ method, path, params, status }) {
    const form = Object.keys(params).length === 0 ? '' : ` ${JSON.stringify(params)}`;
    return `${method} ${path}${form} → ${status ?? 'no answer'}`;
}
function moneyLine(movement) {
    const { kind, amount, currency, customer, paymentIntent, metadata } = movement;
    const rest = {
        ...(customer === null ? {} : { customer }),
        ...(paymentIntent === null ? {} : { paymentIntent }),
        ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    };
    return `${kind} ${amount} ${currency} ${JSON.stringify(rest)}`;
}
function latest(lines) {
    const shown = lines.slice(-MAX_LINES).map((line) => `  ${line}`);
    const left = lines.length - shown.length;
    return left === 0 ? shown : [`  … ${left} before these`, ...shown];
}
