import { CurrentVaultKey } from '../vault-key/current-vault-key';
import { ProxiedVendorService } from './proxied-vendor.service';
import type { VendorRequestOptions } from './proxied-vendor.service';
import type { StripeCharge, StripeList, StripePaymentIntent, StripeRefund } from './stripe-objects';
/** `null` or an empty string removes a key that is set. */
export type StripeMetadata = Readonly<Record<string, string | number | boolean | null>>;
declare const CAPTURE_METHODS: readonly ["automatic", "automatic_async", "manual"];
declare const SETUP_FUTURE_USAGES: readonly ["off_session", "on_session"];
declare const REDIRECTS: readonly ["always", "never"];
declare const CANCELLATION_REASONS: readonly ["abandoned", "duplicate", "fraudulent", "requested_by_customer"];
declare const REFUND_REASONS: readonly ["duplicate", "fraudulent", "requested_by_customer"];
/** How a PaymentIntent is to be paid. */
export interface PaymentIntentConfirmation {
    /** Such as `pm_card_visa`. */
    paymentMethod?: string | undefined;
    /**
     * Where the customer comes back to after a redirect. Stripe refuses to confirm a PaymentIntent that
     * may redirect without it.
     */
    returnUrl?: string | undefined;
    /** Whether the customer is away, and can pass no further check. */
    offSession?: boolean | undefined;
    captureMethod?: (typeof CAPTURE_METHODS)[number] | undefined;
    setupFutureUsage?: (typeof SETUP_FUTURE_USAGES)[number] | undefined;
    receiptEmail?: string | undefined;
}
/** What a new PaymentIntent is to be. */
export interface CreatePaymentIntentParams extends PaymentIntentConfirmation {
    /** In the currency's minor unit: 1250 is $12.50. A whole number, 1 … 99,999,999. */
    amount: number;
    /**
     * Three letters.
     *
     * @default 'usd'
     */
    currency?: string | undefined;
    /** Such as `cus_9s6XKzkNRiz8i3`. */
    customerId?: string | undefined;
    /**
     * Whether to charge `paymentMethod` at once. Without it no money moves, until
     * {@link ProxiedStripeService.confirmPaymentIntent} or a browser confirms the PaymentIntent.
     *
     * @default Stripe's: false
     */
    confirm?: boolean | undefined;
    description?: string | undefined;
    metadata?: StripeMetadata | undefined;
    statementDescriptor?: string | undefined;
    /** Such as `['card']`: no others. Excludes `automaticPaymentMethods`. */
    allowedPaymentMethodTypes?: readonly string[] | undefined;
    /**
     * Whether to take the payment methods that your Dashboard enables, and of them those that send the
     * customer to another page.
     *
     * @default with `confirm`, and without `returnUrl` and `allowedPaymentMethodTypes`:
     * `{ enabled: true, allowRedirects: 'never' }`, since a tool has no page to come back to and Stripe
     * refuses the call otherwise. Else Stripe's: `{ enabled: true, allowRedirects: 'always' }`.
     */
    automaticPaymentMethods?: {
        enabled: boolean;
        allowRedirects?: (typeof REDIRECTS)[number] | undefined;
    } | undefined;
}
/** What of a PaymentIntent is to be collected. */
export interface CapturePaymentIntentParams {
    /** In the currency's minor unit; all that was authorised where left out. */
    amountToCapture?: number | undefined;
}
/** Why a PaymentIntent is given up. */
export interface CancelPaymentIntentParams {
    cancellationReason?: (typeof CANCELLATION_REASONS)[number] | undefined;
}
/** Which charges to list. */
export interface ListChargesParams {
    customerId?: string | undefined;
    paymentIntentId?: string | undefined;
    /**
     * 1–100.
     *
     * @default Stripe's: 10
     */
    limit?: number | undefined;
    /** A charge's id: the page after it. */
    startingAfter?: string | undefined;
    /** A charge's id: the page before it. */
    endingBefore?: string | undefined;
}
/** What to pay back: of a PaymentIntent, or of a charge. */
export interface CreateRefundParams {
    /** Either this or `chargeId`. */
    paymentIntentId?: string | undefined;
    /** Either this or `paymentIntentId`. */
    chargeId?: string | undefined;
    /** In the currency's minor unit; all that is left to refund where left out. */
    amount?: number | undefined;
    reason?: (typeof REFUND_REASONS)[number] | undefined;
    metadata?: StripeMetadata | undefined;
}
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
export declare class ProxiedStripeService extends ProxiedVendorService {
    constructor(vaultKeys: CurrentVaultKey);
    /**
     * `POST /v1/payment_intents`. Its amount counts against the cap, confirmed or not.
     *
     * @throws CallRefusedException `invalid_amount`, or `invalid_request` for another bad argument,
     * and all that {@link request} throws.
     */
    createPaymentIntent(params: CreatePaymentIntentParams, options?: VendorRequestOptions): Promise<StripePaymentIntent>;
    /**
     * `POST /v1/payment_intents/{id}/confirm`: charges it. Stripe wants a `returnUrl`, unless the
     * PaymentIntent was created with
     * `automaticPaymentMethods: { enabled: true, allowRedirects: 'never' }`.
     *
     * @throws what {@link createPaymentIntent} throws.
     */
    confirmPaymentIntent(id: string, params?: PaymentIntentConfirmation, options?: VendorRequestOptions): Promise<StripePaymentIntent>;
    /**
     * `POST /v1/payment_intents/{id}/capture`: collects what was authorised, or less.
     *
     * @throws what {@link createPaymentIntent} throws.
     */
    capturePaymentIntent(id: string, params?: CapturePaymentIntentParams, options?: VendorRequestOptions): Promise<StripePaymentIntent>;
    /**
     * `POST /v1/payment_intents/{id}/cancel`: gives back what it held of the cap.
     *
     * @throws what {@link createPaymentIntent} throws.
     */
    cancelPaymentIntent(id: string, params?: CancelPaymentIntentParams, options?: VendorRequestOptions): Promise<StripePaymentIntent>;
    /**
     * `GET /v1/payment_intents/{id}`.
     *
     * @throws what {@link createPaymentIntent} throws.
     */
    retrievePaymentIntent(id: string): Promise<StripePaymentIntent>;
    /**
     * `GET /v1/charges`, newest first.
     *
     * @throws what {@link createPaymentIntent} throws.
     */
    listCharges(params?: ListChargesParams): Promise<StripeList<StripeCharge>>;
    /**
     * `POST /v1/refunds`. Counts as spend, and never refills a cap.
     *
     * @throws what {@link createPaymentIntent} throws.
     */
    createRefund(params: CreateRefundParams, options?: VendorRequestOptions): Promise<StripeRefund>;
}
export {};
