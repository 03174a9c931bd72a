"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.returnUrl = exports.automaticPaymentMethods = void 0;
exports.automaticMethodsOf = automaticMethodsOf;
exports.typesOf = typesOf;
exports.assertReturnUrl = assertReturnUrl;
const param_rules_1 = require("./param-rules");
const stripe_error_1 = require("./stripe-error");
const redirects = (0, param_rules_1.oneOf)('always', 'never');
/** `automatic_payment_methods[enabled]` and `[allow_redirects]`: what the Dashboard enables, or not. */
exports.automaticPaymentMethods = {
    required: false,
    read: (value, name) => {
        if (typeof value === 'string' || Array.isArray(value)) {
            throw stripe_error_1.StripeError.invalid('Invalid object', { param: name });
        }
        const { enabled, allow_redirects, ...others } = value;
        const [unknown] = Object.keys(others);
        if (unknown !== undefined)
            throw unknownParam(`${name}[${unknown}]`);
        const given = read(param_rules_1.flag, enabled, `${name}[enabled]`);
        if (given === undefined)
            throw (0, param_rules_1.missingParam)(`${name}[enabled]`);
        if (!given)
            return { enabled: false };
        return {
            allow_redirects: read(redirects, allow_redirects, `${name}[allow_redirects]`) ?? 'always',
            enabled: true,
        };
    },
};
/** `return_url`: a URL, or the scheme of a mobile application. */
exports.returnUrl = {
    required: false,
    read: (value, name) => {
        if (typeof value === 'string' && URL.canParse(value))
            return value;
        throw stripe_error_1.StripeError.invalid('Not a valid URL', { code: 'url_invalid', param: name });
    },
};
/** Since then a PaymentIntent takes what the Dashboard enables, unless told otherwise. */
const AUTOMATIC_SINCE = '2023-08-16';
/** Since then nobody names the types of payment methods one by one. */
const NO_TYPES_SINCE = '2026-09-30';
const BY_DEFAULT = { allow_redirects: 'always', enabled: true };
const OF_A_CONFIRMATION = ['error_on_requires_action', 'off_session', 'return_url'];
/**
 * What a new PaymentIntent takes; `null` where its types are named.
 *
 * @param apiVersion `2026-10-28.endive`
 * @throws {StripeError} where parameters exclude each other
 */
function automaticMethodsOf(params, apiVersion) {
    const { automatic_payment_methods: automatic } = params;
    if (automatic?.enabled === true) {
        assertAlone('automatic_payment_methods', params, [
            'payment_method_types',
            'allowed_payment_method_types',
            'confirmation_method',
        ]);
    }
    const types = typesOf(params, apiVersion);
    if (params.confirm !== true) {
        const early = OF_A_CONFIRMATION.find((name) => params[name] !== undefined);
        if (early !== undefined) {
            throw stripe_error_1.StripeError.invalid(`The parameter \`${early}\` cannot be passed when creating a PaymentIntent unless \`confirm\` is set to true.`, { param: early });
        }
    }
    if (types !== undefined)
        return null;
    return automatic ?? (apiVersion >= AUTOMATIC_SINCE ? BY_DEFAULT : null);
}
/**
 * The types of payment methods that parameters name, if they do.
 *
 * @throws {StripeError} where the API's version takes none, or they are named twice
 */
function typesOf(params, apiVersion) {
    if (params.payment_method_types !== undefined && apiVersion >= NO_TYPES_SINCE) {
        throw stripe_error_1.StripeError.invalid('The parameter `payment_method_types` is no longer supported in this API version: use `automatic_payment_methods`, ' +
            '`allowed_payment_method_types` or `excluded_payment_method_types`.', { code: 'payment_method_types_no_longer_supported', param: 'payment_method_types' });
    }
    if (params.allowed_payment_method_types !== undefined) {
        assertAlone('allowed_payment_method_types', params, ['payment_method_types']);
    }
    return params.payment_method_types ?? params.allowed_payment_method_types;
}
function assertAlone(name, params, others) {
    const other = others.find((each) => params[each] !== undefined);
    if (other === undefined)
        return;
    throw stripe_error_1.StripeError.invalid(`You may only specify one of these parameters: ${name}, ${other}.`, {
        param: name,
    });
}
/**
 * @param intent what the error shows of the PaymentIntent
 * @throws {StripeError} where a confirmation might redirect the customer and nobody says where back to
 */
function assertReturnUrl(automatic, params, intent) {
    const mayRedirect = automatic?.enabled === true && automatic.allow_redirects === 'always';
    if (!mayRedirect || params.return_url !== undefined || params.use_stripe_sdk === true)
        return;
    throw stripe_error_1.StripeError.invalid('This PaymentIntent is configured to accept payment methods enabled in your Dashboard. ' +
        'Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. ' +
        "If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and " +
        '`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.', intent === undefined ? {} : { payment_intent: intent });
}
function read(rule, value, name) {
    return value === undefined ? undefined : rule.read(value, name);
}
function unknownParam(name) {
    return stripe_error_1.StripeError.invalid(`Received unknown parameter: ${name}`, {
        code: 'parameter_unknown',
        param: name,
    });
}
