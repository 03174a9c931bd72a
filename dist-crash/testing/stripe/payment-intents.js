"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.paymentIntentEndpoints = void 0;
const automatic_payment_methods_1 = require("./automatic-payment-methods");
const charges_1 = require("./charges");
const currencies_1 = require("./currencies");
const endpoint_1 = require("./endpoint");
const metadata_1 = require("./metadata");
const param_rules_1 = require("./param-rules");
const stripe_account_1 = require("./stripe-account");
const stripe_error_1 = require("./stripe-error");
const test_cards_1 = require("./test-cards");
const captureMethod = (0, param_rules_1.oneOf)('automatic', 'automatic_async', 'manual');
/** `off_session` is a boolean, or `one_off` or `recurring`, both of which mean yes. */
const offSession = (0, param_rules_1.oneOf)('true', 'false', 'one_off', 'recurring');
function confirmationOf(params) {
    return {
        paymentMethod: params.payment_method,
        offSession: params.off_session !== undefined && params.off_session !== 'false',
        errorOnRequiresAction: params.error_on_requires_action ?? false,
    };
}
function confirm(run, intent, how) {
    const { account } = run;
    if (how.paymentMethod !== undefined) {
        intent.payment_method = account.paymentMethod(how.paymentMethod, intent.customer).shown.id;
    }
    const method = intent.payment_method === null ? undefined : account.findPaymentMethod(intent.payment_method);
    if (method === undefined) {
        throw unexpectedState(intent, "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the " +
            'PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method.');
    }
    const wantsCardholder = method.card.authentication === true && run.decline === undefined;
    if (wantsCardholder && !how.offSession && !how.errorOnRequiresAction) {
        intent.status = 'requires_action';
        intent.next_action = { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure' } };
        return;
    }
    const capture = intent.capture_method !== 'manual';
    const charge = (0, charges_1.placeCharge)(run, {
        amount: intent.amount,
        currency: intent.currency,
        method,
        capture,
        intent,
        decline: wantsCardholder ? (0, test_cards_1.declineOf)('authentication_required') : undefined,
        customer: intent.customer,
        metadata: intent.metadata,
        description: intent.description,
        applicationFee: intent.application_fee_amount,
        onBehalfOf: intent.on_behalf_of,
        receiptEmail: intent.receipt_email,
        shipping: intent.shipping,
        statementDescriptor: intent.statement_descriptor,
        statementDescriptorSuffix: intent.statement_descriptor_suffix,
        transferData: intent.transfer_data,
        transferGroup: intent.transfer_group,
    });
    intent.latest_charge = charge.id;
    intent.next_action = null;
    const decline = (0, charges_1.declineOfCharge)(charge);
    if (decline !== undefined) {
        intent.status = 'requires_payment_method';
        intent.payment_method = null;
        const error = (0, charges_1.cardError)(charge, decline, { payment_method: method.shown });
        intent.last_payment_error = error.toBody().error;
        throw (0, charges_1.cardError)(charge, decline, { payment_intent: intent, payment_method: method.shown });
    }
    intent.last_payment_error = null;
    intent.status = capture ? 'succeeded' : 'requires_capture';
    if (capture)
        intent.amount_received = intent.amount;
    else
        intent.amount_capturable = intent.amount;
}
function unexpectedState(intent, message) {
    return stripe_error_1.StripeError.invalid(message, {
        code: 'payment_intent_unexpected_state',
        payment_intent: intent,
    });
}
function refuseUnlessStatus(intent, done, ...allowed) {
    if (allowed.includes(intent.status))
        return;
    throw unexpectedState(intent, `This PaymentIntent could not be ${done} because it has a status of ${intent.status}. ` +
        `Only a PaymentIntent with one of the following statuses may be ${done}: ${allowed.join(', ')}.`);
}
exports.paymentIntentEndpoints = [
    (0, endpoint_1.endpoint)('POST', '/v1/payment_intents', 'payment_intent', {
        amount: (0, param_rules_1.required)(param_rules_1.amount),
        currency: (0, param_rules_1.required)(param_rules_1.currency),
        allowed_payment_method_types: param_rules_1.texts,
        application_fee_amount: param_rules_1.feeAmount,
        automatic_payment_methods: automatic_payment_methods_1.automaticPaymentMethods,
        capture_method: captureMethod,
        confirm: param_rules_1.flag,
        confirmation_method: (0, param_rules_1.oneOf)('automatic', 'manual'),
        customer: param_rules_1.text,
        description: param_rules_1.unsettableText,
        error_on_requires_action: param_rules_1.flag,
        metadata: param_rules_1.metadata,
        off_session: offSession,
        on_behalf_of: param_rules_1.text,
        payment_method: param_rules_1.text,
        payment_method_options: param_rules_1.hash,
        payment_method_types: param_rules_1.texts,
        receipt_email: param_rules_1.unsettableText,
        return_url: automatic_payment_methods_1.returnUrl,
        setup_future_usage: (0, param_rules_1.oneOf)('off_session', 'on_session'),
        shipping: param_rules_1.hash,
        statement_descriptor: param_rules_1.unsettableText,
        statement_descriptor_suffix: param_rules_1.unsettableText,
        transfer_data: param_rules_1.hash,
        transfer_group: param_rules_1.text,
        use_stripe_sdk: param_rules_1.flag,
        ...(0, param_rules_1.allUnmodelled)('amount_details', 'confirmation_token', 'customer_account', 'excluded_payment_method_types', 'hooks', 'mandate', 'mandate_data', 'payment_details', 'payment_method_configuration', 'payment_method_data', 'radar_options'),
    }, (run, params) => {
        const automatic = (0, automatic_payment_methods_1.automaticMethodsOf)(params, run.apiVersion);
        if (params.confirm === true)
            (0, automatic_payment_methods_1.assertReturnUrl)(automatic, params);
        const { account } = run;
        const customer = params.customer === undefined ? null : account.customer(params.customer).id;
        const method = params.payment_method === undefined
            ? null
            : account.paymentMethod(params.payment_method, customer).shown.id;
        const id = (0, stripe_account_1.newId)('pi_');
        const intent = {
            id,
            object: 'payment_intent',
            allowed_payment_method_types: params.allowed_payment_method_types ?? null,
            amount: params.amount,
            amount_capturable: 0,
            amount_details: { tip: {} },
            amount_received: 0,
            application: null,
            application_fee_amount: params.application_fee_amount ?? null,
            automatic_payment_methods: automatic,
            canceled_at: null,
            cancellation_reason: null,
            capture_method: params.capture_method ?? 'automatic_async',
            client_secret: (0, stripe_account_1.newId)(`${id}_secret_`),
            confirmation_method: params.confirmation_method ?? 'automatic',
            created: (0, stripe_account_1.unixNow)(),
            currency: params.currency,
            customer,
            description: params.description ?? null,
            last_payment_error: null,
            latest_charge: null,
            livemode: false,
            metadata: (0, metadata_1.mergeMetadata)({}, params.metadata),
            next_action: null,
            on_behalf_of: params.on_behalf_of ?? null,
            payment_method: method,
            payment_method_configuration_details: null,
            payment_method_options: params.payment_method_options ?? {},
            payment_method_types: (0, automatic_payment_methods_1.typesOf)(params, run.apiVersion) ?? ['card'],
            processing: null,
            receipt_email: params.receipt_email ?? null,
            review: null,
            setup_future_usage: params.setup_future_usage ?? null,
            shipping: params.shipping ?? null,
            source: null,
            statement_descriptor: params.statement_descriptor ?? null,
            statement_descriptor_suffix: params.statement_descriptor_suffix ?? null,
            status: method === null ? 'requires_payment_method' : 'requires_confirmation',
            transfer_data: params.transfer_data ?? null,
            transfer_group: params.transfer_group ?? null,
        };
        account.paymentIntents.add(intent);
        if (params.confirm === true) {
            confirm(run, intent, confirmationOf({ ...params, payment_method: undefined }));
        }
        return intent;
    }),
    (0, endpoint_1.endpoint)('GET', '/v1/payment_intents/:id', 'payment_intent', { client_secret: param_rules_1.unmodelled }, ({ account, id }) => account.paymentIntents.get(id, 'intent')),
    (0, endpoint_1.listEndpoint)('/v1/payment_intents', 'payment_intent', (account) => account.paymentIntents, ['customer']),
    (0, endpoint_1.endpoint)('POST', '/v1/payment_intents/:id/confirm', 'payment_intent', {
        allowed_payment_method_types: param_rules_1.texts,
        amount_to_confirm: param_rules_1.amount,
        capture_method: captureMethod,
        error_on_requires_action: param_rules_1.flag,
        off_session: offSession,
        payment_method: param_rules_1.text,
        payment_method_types: param_rules_1.texts,
        receipt_email: param_rules_1.unsettableText,
        return_url: automatic_payment_methods_1.returnUrl,
        setup_future_usage: (0, param_rules_1.oneOf)('off_session', 'on_session', ''),
        use_stripe_sdk: param_rules_1.flag,
        ...(0, param_rules_1.allUnmodelled)('amount_details', 'confirmation_token', 'excluded_payment_method_types', 'hooks', 'mandate', 'mandate_data', 'payment_details', 'payment_method_data', 'payment_method_options', 'radar_options', 'shipping'),
    }, (run, params) => {
        const intent = run.account.paymentIntents.get(run.id, 'intent');
        if (intent.status === 'succeeded') {
            throw unexpectedState(intent, 'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.');
        }
        refuseUnlessStatus(intent, 'confirmed', 'requires_payment_method', 'requires_confirmation', 'requires_action');
        if (params.amount_to_confirm !== undefined && params.amount_to_confirm !== intent.amount) {
            throw stripe_error_1.StripeError.invalid(`The amount to confirm (${(0, currencies_1.formatAmount)(params.amount_to_confirm, intent.currency)}) does not match the ` +
                `amount of the PaymentIntent (${(0, currencies_1.formatAmount)(intent.amount, intent.currency)}).`, { param: 'amount_to_confirm' });
        }
        const types = (0, automatic_payment_methods_1.typesOf)(params, run.apiVersion);
        if (types !== undefined) {
            intent.payment_method_types = types;
            intent.automatic_payment_methods = null;
        }
        (0, automatic_payment_methods_1.assertReturnUrl)(intent.automatic_payment_methods, params, intent);
        if (params.capture_method !== undefined)
            intent.capture_method = params.capture_method;
        if (params.receipt_email !== undefined)
            intent.receipt_email = params.receipt_email;
        if (params.setup_future_usage !== undefined) {
            intent.setup_future_usage = params.setup_future_usage || null;
        }
        confirm(run, intent, confirmationOf(params));
        return intent;
    }),
    (0, endpoint_1.endpoint)('POST', '/v1/payment_intents/:id/capture', 'payment_intent', {
        amount_to_capture: param_rules_1.amount,
        application_fee_amount: param_rules_1.feeAmount,
        final_capture: param_rules_1.flag,
        metadata: param_rules_1.metadata,
        statement_descriptor: param_rules_1.unsettableText,
        statement_descriptor_suffix: param_rules_1.unsettableText,
        ...(0, param_rules_1.allUnmodelled)('amount_details', 'hooks', 'payment_details', 'transfer_data'),
    }, (run, params) => {
        const intent = run.account.paymentIntents.get(run.id, 'intent');
        refuseUnlessStatus(intent, 'captured', 'requires_capture');
        const captured = params.amount_to_capture ?? intent.amount_capturable;
        if (captured > intent.amount_capturable) {
            throw stripe_error_1.StripeError.invalid(`The amount to capture (${(0, currencies_1.formatAmount)(captured, intent.currency)}) is greater than the amount you can ` +
                `capture (${(0, currencies_1.formatAmount)(intent.amount_capturable, intent.currency)}).`, { code: 'amount_too_large', param: 'amount_to_capture' });
        }
        intent.metadata = (0, metadata_1.mergeMetadata)(intent.metadata, params.metadata);
        if (params.application_fee_amount !== undefined) {
            intent.application_fee_amount = params.application_fee_amount;
        }
        if (params.statement_descriptor !== undefined) {
            intent.statement_descriptor = params.statement_descriptor;
        }
        if (params.statement_descriptor_suffix !== undefined) {
            intent.statement_descriptor_suffix = params.statement_descriptor_suffix;
        }
        (0, charges_1.captureCharge)(run, run.account.charges.get(intent.latest_charge ?? '', 'id'), captured, intent);
        intent.amount_received += captured;
        const more = params.final_capture === false && captured < intent.amount_capturable;
        intent.amount_capturable = more ? intent.amount_capturable - captured : 0;
        if (!more)
            intent.status = 'succeeded';
        return intent;
    }),
    (0, endpoint_1.endpoint)('POST', '/v1/payment_intents/:id/cancel', 'payment_intent', {
        cancellation_reason: (0, param_rules_1.oneOf)('abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'),
    }, ({ account, id }, params) => {
        const intent = account.paymentIntents.get(id, 'intent');
        refuseUnlessStatus(intent, 'canceled', 'requires_payment_method', 'requires_capture', 'requires_confirmation', 'requires_action');
        intent.status = 'canceled';
        intent.amount_capturable = 0;
        intent.canceled_at = (0, stripe_account_1.unixNow)();
        intent.cancellation_reason = params.cancellation_reason ?? null;
        intent.next_action = null;
        return intent;
    }),
];
