"use strict";
var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __metadata = (this && this.__metadata) || function (k, v) {
    if (typeof Reflect === "object" && typeof Reflect.metadata === "function") return Reflect.metadata(k, v);
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.ProxiedStripeService = void 0;
const common_1 = require("@nestjs/common");
const call_refused_exception_1 = require("../exceptions/call-refused.exception");
const current_vault_key_1 = require("../vault-key/current-vault-key");
const proxied_vendor_service_1 = require("./proxied-vendor.service");
const stripe_arguments_1 = require("./stripe-arguments");
const CAPTURE_METHODS = ['automatic', 'automatic_async', 'manual'];
const SETUP_FUTURE_USAGES = ['off_session', 'on_session'];
const REDIRECTS = ['always', 'never'];
const CANCELLATION_REASONS = [
    'abandoned',
    'duplicate',
    'fraudulent',
    'requested_by_customer',
];
const REFUND_REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'];
/**
 * Stripe, called with the run's vault key through the broker's proxy. Inject it into handlers
 * marked with `@AgentTool`; outside a run its calls throw `VaultKeyMissingException`.
 * Arguments are checked before anything is sent, and every call but reads carries an
 * `Idempotency-Key`. {@link request} makes the calls that have no method here.
 *
 * @example
 * ```ts
 * @Post('charge')
 * @AgentTool({ dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents'] })
 * charge(@Body() { amount, customerId, paymentMethod }: ChargeDto) {
 *   return this.stripe.createPaymentIntent({ amount, customerId, paymentMethod, confirm: true });
 * }
 * ```
 */
let ProxiedStripeService = class ProxiedStripeService extends proxied_vendor_service_1.ProxiedVendorService {
    constructor(vaultKeys) {
        super(vaultKeys, 'stripe');
    }
    /**
     * `POST /v1/payment_intents`. Its amount counts against the cap, confirmed or not.
     *
     * @throws CallRefusedException `invalid_amount`, or `invalid_request` for another bad argument,
     * and all that {@link request} throws.
     */
    async createPaymentIntent(params, options) {
        const automatic = params.automaticPaymentMethods ?? automaticMethodsFor(params);
        return this.request('POST', '/v1/payment_intents', {
            amount: (0, stripe_arguments_1.amountOf)('amount', params.amount),
            currency: (0, stripe_arguments_1.currencyOf)('currency', params.currency ?? 'usd'),
            customer: (0, stripe_arguments_1.optional)(params.customerId, customer),
            confirm: (0, stripe_arguments_1.optional)(params.confirm, (value) => (0, stripe_arguments_1.flagOf)('confirm', value)),
            description: (0, stripe_arguments_1.optional)(params.description, (value) => (0, stripe_arguments_1.textOf)('description', value)),
            metadata: params.metadata,
            statement_descriptor: (0, stripe_arguments_1.optional)(params.statementDescriptor, (value) => (0, stripe_arguments_1.textOf)('statementDescriptor', value)),
            allowed_payment_method_types: params.allowedPaymentMethodTypes,
            automatic_payment_methods: automatic && {
                enabled: (0, stripe_arguments_1.flagOf)('automaticPaymentMethods.enabled', automatic.enabled),
                allow_redirects: (0, stripe_arguments_1.optional)(automatic.allowRedirects, (value) => (0, stripe_arguments_1.choiceOf)('automaticPaymentMethods.allowRedirects', value, REDIRECTS)),
            },
            ...confirmation(params),
        }, options);
    }
    /**
     * `POST /v1/payment_intents/{id}/confirm`: charges it. Stripe wants a `returnUrl`, unless the
     * PaymentIntent was created with
     * `automaticPaymentMethods: { enabled: true, allowRedirects: 'never' }`.
     *
     * @throws what {@link createPaymentIntent} throws.
     */
    async confirmPaymentIntent(id, params = {}, options) {
        return this.request('POST', `/v1/payment_intents/${intent('id', id)}/confirm`, confirmation(params), options);
    }
    /**
     * `POST /v1/payment_intents/{id}/capture`: collects what was authorised, or less.
     *
     * @throws what {@link createPaymentIntent} throws.
     */
    async capturePaymentIntent(id, params = {}, options) {
        return this.request('POST', `/v1/payment_intents/${intent('id', id)}/capture`, {
            amount_to_capture: (0, stripe_arguments_1.optional)(params.amountToCapture, (value) => (0, stripe_arguments_1.amountOf)('amountToCapture', value)),
        }, options);
    }
    /**
     * `POST /v1/payment_intents/{id}/cancel`: gives back what it held of the cap.
     *
     * @throws what {@link createPaymentIntent} throws.
     */
    async cancelPaymentIntent(id, params = {}, options) {
        return this.request('POST', `/v1/payment_intents/${intent('id', id)}/cancel`, {
            cancellation_reason: (0, stripe_arguments_1.optional)(params.cancellationReason, (value) => (0, stripe_arguments_1.choiceOf)('cancellationReason', value, CANCELLATION_REASONS)),
        }, options);
    }
    /**
     * `GET /v1/payment_intents/{id}`.
     *
     * @throws what {@link createPaymentIntent} throws.
     */
    async retrievePaymentIntent(id) {
        return this.request('GET', `/v1/payment_intents/${intent('id', id)}`);
    }
    /**
     * `GET /v1/charges`, newest first.
     *
     * @throws what {@link createPaymentIntent} throws.
     */
    async listCharges(params = {}) {
        return this.request('GET', '/v1/charges', {
            customer: (0, stripe_arguments_1.optional)(params.customerId, customer),
            payment_intent: (0, stripe_arguments_1.optional)(params.paymentIntentId, (value) => intent('paymentIntentId', value)),
            limit: (0, stripe_arguments_1.optional)(params.limit, (value) => (0, stripe_arguments_1.countOf)('limit', value, 1, 100)),
            starting_after: (0, stripe_arguments_1.optional)(params.startingAfter, (value) => charge('startingAfter', value)),
            ending_before: (0, stripe_arguments_1.optional)(params.endingBefore, (value) => charge('endingBefore', value)),
        });
    }
    /**
     * `POST /v1/refunds`. Counts as spend, and never refills a cap.
     *
     * @throws what {@link createPaymentIntent} throws.
     */
    async createRefund(params, options) {
        if ((params.paymentIntentId === undefined) === (params.chargeId === undefined)) {
            throw call_refused_exception_1.CallRefusedException.forArgument('paymentIntentId', 'or chargeId must be given, and not both');
        }
        return this.request('POST', '/v1/refunds', {
            payment_intent: (0, stripe_arguments_1.optional)(params.paymentIntentId, (value) => intent('paymentIntentId', value)),
            charge: (0, stripe_arguments_1.optional)(params.chargeId, (value) => charge('chargeId', value)),
            amount: (0, stripe_arguments_1.optional)(params.amount, (value) => (0, stripe_arguments_1.amountOf)('amount', value)),
            reason: (0, stripe_arguments_1.optional)(params.reason, (value) => (0, stripe_arguments_1.choiceOf)('reason', value, REFUND_REASONS)),
            metadata: params.metadata,
        }, options);
    }
};
exports.ProxiedStripeService = ProxiedStripeService;
exports.ProxiedStripeService = ProxiedStripeService = __decorate([
    (0, common_1.Injectable)(),
    __metadata("design:paramtypes", [current_vault_key_1.CurrentVaultKey])
], ProxiedStripeService);
/** What Stripe has to be told where it would refuse to confirm: nobody comes back from a redirect. */
function automaticMethodsFor({ confirm, allowedPaymentMethodTypes, returnUrl, }) {
    const comesBack = returnUrl !== undefined || allowedPaymentMethodTypes !== undefined;
    return confirm === true && !comesBack ? { enabled: true, allowRedirects: 'never' } : undefined;
}
function confirmation(params) {
    return {
        payment_method: (0, stripe_arguments_1.optional)(params.paymentMethod, (value) => (0, stripe_arguments_1.idOf)('paymentMethod', value, 'pm_card_visa')),
        return_url: (0, stripe_arguments_1.optional)(params.returnUrl, (value) => (0, stripe_arguments_1.textOf)('returnUrl', value)),
        off_session: (0, stripe_arguments_1.optional)(params.offSession, (value) => (0, stripe_arguments_1.flagOf)('offSession', value)),
        capture_method: (0, stripe_arguments_1.optional)(params.captureMethod, (value) => (0, stripe_arguments_1.choiceOf)('captureMethod', value, CAPTURE_METHODS)),
        setup_future_usage: (0, stripe_arguments_1.optional)(params.setupFutureUsage, (value) => (0, stripe_arguments_1.choiceOf)('setupFutureUsage', value, SETUP_FUTURE_USAGES)),
        receipt_email: (0, stripe_arguments_1.optional)(params.receiptEmail, (value) => (0, stripe_arguments_1.textOf)('receiptEmail', value)),
    };
}
function intent(param, value) {
    return (0, stripe_arguments_1.idOf)(param, value, 'pi_3MtwBwLkdIwHu7ix28a3tqPa');
}
function charge(param, value) {
    return (0, stripe_arguments_1.idOf)(param, value, 'ch_3MmlLrLkdIwHu7ix0snN0B15');
}
function customer(value) {
    return (0, stripe_arguments_1.idOf)('customerId', value, 'cus_9s6XKzkNRiz8i3');
}
