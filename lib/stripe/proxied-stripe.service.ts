import { vendorNameFault } from '../contract/vendor-name';
import { Injectable } from '@nestjs/common';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { CurrentVaultKey } from '../vault-key/current-vault-key';
import type { VaultKey } from '../vault-key/vault-key';
import type { VendorParams } from './form-encoding';
import { ProxiedVendorService } from './proxied-vendor.service';
import type { VendorRequestOptions } from './proxied-vendor.service';
import {
  amountOf,
  choiceOf,
  countOf,
  currencyOf,
  flagOf,
  idOf,
  optional,
  textOf,
} from './stripe-arguments';
import type { StripeCharge, StripeList, StripePaymentIntent, StripeRefund } from './stripe-objects';

/** `null` or an empty string removes a key that is set. */
export type StripeMetadata = Readonly<Record<string, string | number | boolean | null>>;

const CAPTURE_METHODS = ['automatic', 'automatic_async', 'manual'] as const;
const SETUP_FUTURE_USAGES = ['off_session', 'on_session'] as const;
const REDIRECTS = ['always', 'never'] as const;
const CANCELLATION_REASONS = [
  'abandoned',
  'duplicate',
  'fraudulent',
  'requested_by_customer',
] as const;
const REFUND_REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;

/** How a PaymentIntent is to be paid. */
export interface PaymentIntentConfirmation {
  /** Such as `pm_card_visa`. */
  paymentMethod?: string | undefined;
  /**
   * Where the customer comes back to after a redirect. Stripe refuses to confirm a PaymentIntent
   * that may redirect without it.
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
   * Whether to take the payment methods that your Dashboard enables, and of them those that send
   * the customer to another page.
   *
   * @default with `confirm`, and without `returnUrl` and `allowedPaymentMethodTypes`: `{ enabled:
   * true, allowRedirects: 'never' }`, since a tool has no page to come back to and Stripe refuses
   * the call otherwise. Else Stripe's: `{ enabled: true, allowRedirects: 'always' }`.
   */
  automaticPaymentMethods?:
    { enabled: boolean; allowRedirects?: (typeof REDIRECTS)[number] | undefined } | undefined;
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
  /**
   * Three letters, which have to be those of the payment. Leave it out where you can: a refund that
   * names a currency is spend, even of what the same user was charged.
   */
  currency?: string | undefined;
  reason?: (typeof REFUND_REASONS)[number] | undefined;
  /**
   * Whether the connected account that the payment went to gives back its share. A refund of such a
   * payment is spend without it.
   */
  reverseTransfer?: boolean | undefined;
  /** Whether the application fee of the payment is given back too. */
  refundApplicationFee?: boolean | undefined;
  metadata?: StripeMetadata | undefined;
}

/**
 * Stripe, called with the invocation's vault key through the broker's proxy. Inject it into
 * handlers marked with `@AgentTool`; outside an invocation its calls throw
 * `VaultKeyMissingException`. Arguments are checked before anything is sent, and every call but
 * reads carries an `Idempotency-Key`. {@link request} makes the calls that have no method here.
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
@Injectable()
export class ProxiedStripeService extends ProxiedVendorService {
  readonly #vaultKeys: CurrentVaultKey;

  constructor(vaultKeys: CurrentVaultKey) {
    super(vaultKeys, 'stripe');
    this.#vaultKeys = vaultKeys;
  }

  /**
   * The same calls at one account, for invocations inside each other that have keys for several. Without
   * it a call goes to the account of the innermost one.
   *
   * @param vendor The account, by its name at the broker.
   * @throws CallRefusedException `invalid_request` where that can be no name.
   * @example
   * await this.vaultKeys.run({ vendor: 'stripe-acme', dailyUsdCap: 5, allowedEndpoints: ['/v1/transfers'] }, () =>
   *   this.stripe.for('stripe').retrievePaymentIntent(id), // with the key of the invocation around this one
   * );
   */
  for(vendor: string): ProxiedStripeService {
    const fault = vendorNameFault(vendor);
    if (fault !== undefined) throw CallRefusedException.forArgument('vendor', fault);
    return new StripeOfAccount(this.#vaultKeys, vendor);
  }

  /**
   * `POST /v1/payment_intents`. Its amount counts against the cap, confirmed or not.
   *
   * @throws CallRefusedException `invalid_amount`, or `invalid_request` for another bad argument,
   * and all that {@link request} throws.
   */
  async createPaymentIntent(
    params: CreatePaymentIntentParams,
    options?: VendorRequestOptions,
  ): Promise<StripePaymentIntent> {
    const automatic = params.automaticPaymentMethods ?? automaticMethodsFor(params);
    return this.request(
      'POST',
      '/v1/payment_intents',
      {
        amount: amountOf('amount', params.amount),
        currency: currencyOf('currency', params.currency ?? 'usd'),
        customer: optional(params.customerId, customer),
        confirm: optional(params.confirm, (value) => flagOf('confirm', value)),
        description: optional(params.description, (value) => textOf('description', value)),
        metadata: params.metadata,
        statement_descriptor: optional(params.statementDescriptor, (value) =>
          textOf('statementDescriptor', value),
        ),
        allowed_payment_method_types: params.allowedPaymentMethodTypes,
        automatic_payment_methods: automatic && {
          enabled: flagOf('automaticPaymentMethods.enabled', automatic.enabled),
          allow_redirects: optional(automatic.allowRedirects, (value) =>
            choiceOf('automaticPaymentMethods.allowRedirects', value, REDIRECTS),
          ),
        },
        ...confirmation(params),
      },
      options,
    );
  }

  /**
   * `POST /v1/payment_intents/{id}/confirm`: charges it. Stripe wants a `returnUrl`, unless the
   * PaymentIntent was created with
   * `automaticPaymentMethods: { enabled: true, allowRedirects: 'never' }`.
   *
   * @throws what {@link createPaymentIntent} throws.
   */
  async confirmPaymentIntent(
    id: string,
    params: PaymentIntentConfirmation = {},
    options?: VendorRequestOptions,
  ): Promise<StripePaymentIntent> {
    return this.request(
      'POST',
      `/v1/payment_intents/${intent('id', id)}/confirm`,
      confirmation(params),
      options,
    );
  }

  /**
   * `POST /v1/payment_intents/{id}/capture`: collects what was authorised, or less.
   *
   * @throws what {@link createPaymentIntent} throws.
   */
  async capturePaymentIntent(
    id: string,
    params: CapturePaymentIntentParams = {},
    options?: VendorRequestOptions,
  ): Promise<StripePaymentIntent> {
    return this.request(
      'POST',
      `/v1/payment_intents/${intent('id', id)}/capture`,
      {
        amount_to_capture: optional(params.amountToCapture, (value) =>
          amountOf('amountToCapture', value),
        ),
      },
      options,
    );
  }

  /**
   * `POST /v1/payment_intents/{id}/cancel`: gives back what it held of the cap.
   *
   * @throws what {@link createPaymentIntent} throws.
   */
  async cancelPaymentIntent(
    id: string,
    params: CancelPaymentIntentParams = {},
    options?: VendorRequestOptions,
  ): Promise<StripePaymentIntent> {
    return this.request(
      'POST',
      `/v1/payment_intents/${intent('id', id)}/cancel`,
      {
        cancellation_reason: optional(params.cancellationReason, (value) =>
          choiceOf('cancellationReason', value, CANCELLATION_REASONS),
        ),
      },
      options,
    );
  }

  /**
   * `GET /v1/payment_intents/{id}`.
   *
   * @throws what {@link createPaymentIntent} throws.
   */
  async retrievePaymentIntent(id: string): Promise<StripePaymentIntent> {
    return this.request('GET', `/v1/payment_intents/${intent('id', id)}`);
  }

  /**
   * `GET /v1/charges`, newest first.
   *
   * @throws what {@link createPaymentIntent} throws.
   */
  async listCharges(params: ListChargesParams = {}): Promise<StripeList<StripeCharge>> {
    return this.request('GET', '/v1/charges', {
      customer: optional(params.customerId, customer),
      payment_intent: optional(params.paymentIntentId, (value) => intent('paymentIntentId', value)),
      limit: optional(params.limit, (value) => countOf('limit', value, 1, 100)),
      starting_after: optional(params.startingAfter, (value) => charge('startingAfter', value)),
      ending_before: optional(params.endingBefore, (value) => charge('endingBefore', value)),
    });
  }

  /**
   * `POST /v1/refunds`. A refund of what the same user was charged through the broker is undone: it
   * passes at the cap, up to what is left of the payment. Any other is spend. Neither refills a cap.
   *
   * @throws what {@link createPaymentIntent} throws.
   */
  async createRefund(
    params: CreateRefundParams,
    options?: VendorRequestOptions,
  ): Promise<StripeRefund> {
    if ((params.paymentIntentId === undefined) === (params.chargeId === undefined)) {
      throw CallRefusedException.forArgument(
        'paymentIntentId',
        'or chargeId must be given, and not both',
      );
    }
    return this.request(
      'POST',
      '/v1/refunds',
      {
        payment_intent: optional(params.paymentIntentId, (value) =>
          intent('paymentIntentId', value),
        ),
        charge: optional(params.chargeId, (value) => charge('chargeId', value)),
        amount: optional(params.amount, (value) => amountOf('amount', value)),
        currency: optional(params.currency, (value) => currencyOf('currency', value)),
        reason: optional(params.reason, (value) => choiceOf('reason', value, REFUND_REASONS)),
        reverse_transfer: optional(params.reverseTransfer, (value) =>
          flagOf('reverseTransfer', value),
        ),
        refund_application_fee: optional(params.refundApplicationFee, (value) =>
          flagOf('refundApplicationFee', value),
        ),
        metadata: params.metadata,
      },
      options,
    );
  }
}

class StripeOfAccount extends ProxiedStripeService {
  constructor(
    private readonly vaultKeys: CurrentVaultKey,
    private readonly account: string,
  ) {
    super(vaultKeys);
  }

  protected override vaultKey(): VaultKey {
    return this.vaultKeys.get(this.account);
  }
}

/**
 * What Stripe must be told before it confirms: an agent does not come back from a redirect.
 */
function automaticMethodsFor({
  confirm,
  allowedPaymentMethodTypes,
  returnUrl,
}: CreatePaymentIntentParams): CreatePaymentIntentParams['automaticPaymentMethods'] {
  const comesBack = returnUrl !== undefined || allowedPaymentMethodTypes !== undefined;
  return confirm === true && !comesBack ? { enabled: true, allowRedirects: 'never' } : undefined;
}

function confirmation(params: PaymentIntentConfirmation): VendorParams {
  return {
    payment_method: optional(params.paymentMethod, (value) =>
      idOf('paymentMethod', value, 'pm_card_visa'),
    ),
    return_url: optional(params.returnUrl, (value) => textOf('returnUrl', value)),
    off_session: optional(params.offSession, (value) => flagOf('offSession', value)),
    capture_method: optional(params.captureMethod, (value) =>
      choiceOf('captureMethod', value, CAPTURE_METHODS),
    ),
    setup_future_usage: optional(params.setupFutureUsage, (value) =>
      choiceOf('setupFutureUsage', value, SETUP_FUTURE_USAGES),
    ),
    receipt_email: optional(params.receiptEmail, (value) => textOf('receiptEmail', value)),
  };
}

function intent(param: string, value: string): string {
  return idOf(param, value, 'pi_3MtwBwLkdIwHu7ix28a3tqPa');
}

function charge(param: string, value: string): string {
  return idOf(param, value, 'ch_3MmlLrLkdIwHu7ix0snN0B15');
}

function customer(value: string): string {
  return idOf('customerId', value, 'cus_9s6XKzkNRiz8i3');
}
