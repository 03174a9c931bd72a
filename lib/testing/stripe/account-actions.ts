import { passTime } from './billing/pass-time';
import type { CheckoutChoices } from './checkout/complete-checkout';
import { completeSession } from './checkout/complete-checkout';
import { completeLink } from './checkout/complete-payment-link';
import { confirmIntent } from './confirm-payment-intent';
import type { Execution } from './endpoint';
import { makeIntent } from './make-payment-intent';
import { percentage } from './nested-params';

/** A payment that is made without a call: in the Dashboard, or by another program. */
export interface PaymentByHand {
  /** In the currency's minor unit. */
  amount: number;
  /** @default 'usd' */
  currency?: string;
  /** `false` authorizes only. */
  capture?: boolean;
  /** A customer of the account (`cus_…`). */
  customer?: string;
  metadata?: Record<string, string>;
  /** @default 'pm_card_visa' */
  paymentMethod?: string;
  /** `false` leaves the PaymentIntent to be confirmed, with its payment method. */
  confirm?: boolean;
}

/** What a payment by hand has made. */
export interface MadePayment {
  /** `pi_…` */
  readonly paymentIntent: string;
  /** `ch_…`; `null` where it is not confirmed. */
  readonly charge: string | null;
}

/** A session that its customer has completed. */
export interface CompletedCheckout {
  /** `cs_test_…` */
  readonly id: string;
  /** In the currency's minor unit. */
  readonly amountTotal: number;
  /** `pi_…` in `payment` mode, where something was to be paid. */
  readonly paymentIntent: string | null;
  /** `sub_…` in `subscription` mode. */
  readonly subscription: string | null;
}

/**
 * What happens in a Stripe account without a call of the API: payments made elsewhere, customers at Checkout, time
 * that passes. In the book such movements have the call 0.
 */
export abstract class AccountActions {
  /** @internal */
  protected abstract act(): Execution;

  /**
   * Makes a payment that no call has asked for.
   *
   * @throws {Error} where the card is declined, or the customer unknown
   * @example
   * ```ts
   * const { paymentIntent } = vendor.pay({ amount: 1200 });
   * await stripe.refunds.create({ payment_intent: paymentIntent });
   * ```
   */
  pay(payment: PaymentByHand): MadePayment {
    const run = this.act();
    const { account } = run;
    const customer = payment.customer === undefined ? null : account.customer(payment.customer).id;
    const method = account.paymentMethod(payment.paymentMethod ?? 'pm_card_visa', customer);
    const intent = makeIntent(account, {
      amount: payment.amount,
      capture_method: payment.capture === false ? 'manual' : 'automatic_async',
      currency: payment.currency ?? 'usd',
      customer,
      metadata: { ...payment.metadata },
      payment_method: method.shown.id,
    });
    if (payment.confirm !== false) {
      const how = { paymentMethod: undefined, offSession: true, errorOnRequiresAction: true };
      confirmIntent(run, intent, how);
    }
    return { paymentIntent: intent.id, charge: intent.latest_charge };
  }

  /**
   * Completes an open Checkout Session (`cs_test_…`) as its customer would.
   *
   * @throws {Error} where the session is not open or does not offer a choice, or the card is declined; the session
   * stays open then
   */
  completeCheckout(session: string, choices: CheckoutChoices = {}): CompletedCheckout {
    const run = this.act();
    const found = run.account.checkout.sessions.get(session, 'session');
    return completed(completeSession(run, found, choices));
  }

  /**
   * Opens a payment link (`plink_…`) and completes the session that comes of it.
   *
   * @throws {Error} as {@link completeCheckout}, and where the link is not active
   */
  completePaymentLink(link: string, choices: CheckoutChoices = {}): CompletedCheckout {
    const run = this.act();
    const found = run.account.checkout.paymentLinks.get(link, 'payment_link');
    return completed(completeLink(run, found, choices));
  }

  /**
   * Puts the account's clock forward, and does what Stripe does by itself meanwhile: periods of subscriptions are
   * billed and charged, drafts with `auto_advance` become final and are charged, trials and payment links end.
   *
   * @param seconds 1 and up
   */
  passTime(seconds: number): void {
    if (!Number.isInteger(seconds) || seconds < 1) {
      throw new RangeError(`passTime takes whole seconds, 1 and up, not ${seconds}.`);
    }
    passTime(this.act(), seconds);
  }

  /**
   * Puts the account's clock forward to the end of a subscription's current period, so that the next one is billed.
   *
   * @param subscription `sub_…`
   */
  renew(subscription: string): void {
    const run = this.act();
    const { items } = run.account.billing.subscriptions.get(subscription, 'id');
    const end = Math.min(...items.data.map((item) => item.current_period_end));
    this.passTime(Math.max(1, end - run.account.now()));
  }

  /** Reports usage of a metered subscription item (`si_…`), to be billed at the end of its period. */
  recordUsage(subscriptionItem: string, quantity: number): void {
    const { usage } = this.act().account.billing;
    usage.set(subscriptionItem, (usage.get(subscriptionItem) ?? 0) + quantity);
  }

  /**
   * What automatic tax comes to from now on, wherever a call has enabled it; nothing unless this says so.
   *
   * @param percent `'8.25'`; `undefined` for nothing
   */
  automaticTax(percent: string | undefined): void {
    this.act().account.billing.automaticTax =
      percent === undefined ? undefined : percentage.read(percent, 'percent');
  }
}

function completed(session: ReturnType<typeof completeSession>): CompletedCheckout {
  return {
    id: session.id,
    amountTotal: session.amount_total ?? 0,
    paymentIntent: session.payment_intent,
    subscription: session.subscription,
  };
}
