import { Billing } from './billing/billing';
import { Catalogue } from './catalogue/catalogue';
import { CheckoutShelves } from './checkout/checkout-shelves';
import { LatestMap } from './latest';
import { newId } from './new-id';
import { Shelf } from './shelf';
import type {
  BalanceTransaction,
  Charge,
  Customer,
  PaymentIntent,
  Payout,
  Refund,
  StoredPaymentMethod,
} from './stripe-objects';
import { StripeError } from './stripe-error';
import type { TestCard } from './test-cards';
import { testCard } from './test-cards';

/** One Stripe account in memory: its objects, and nothing that knows of HTTP. */
export class StripeAccount {
  readonly paymentIntents: Shelf<PaymentIntent>;
  readonly charges: Shelf<Charge>;
  readonly refunds: Shelf<Refund>;
  readonly customers: Shelf<Customer>;
  readonly deletedCustomers: Map<string, true>;
  readonly payouts: Shelf<Payout>;
  readonly balanceTransactions: Map<string, BalanceTransaction>;
  readonly #paymentMethods: Map<string, StoredPaymentMethod>;
  readonly catalogue: Catalogue;
  readonly checkout: CheckoutShelves;
  readonly billing: Billing;
  /** The card that a customer's `default_source` means, by customer. */
  readonly defaultSources: Map<string, StoredPaymentMethod>;

  #passed = 0;

  /**
   * @param id `acct_…`
   * @param bound how many objects of each kind are kept, the latest
   */
  constructor(
    readonly id: string,
    bound: number,
  ) {
    this.paymentIntents = new Shelf('payment_intent', bound);
    this.charges = new Shelf('charge', bound);
    this.refunds = new Shelf('refund', bound);
    this.customers = new Shelf('customer', bound);
    this.deletedCustomers = new LatestMap(bound);
    this.payouts = new Shelf('payout', bound);
    this.balanceTransactions = new LatestMap(bound);
    this.#paymentMethods = new LatestMap(bound);
    this.defaultSources = new LatestMap(bound);
    this.catalogue = new Catalogue(bound);
    this.checkout = new CheckoutShelves(bound);
    this.billing = new Billing(bound);
  }

  /** Unix seconds by the account's own clock, which a test may put forward. */
  now(): number {
    return Math.floor(Date.now() / 1000) + this.#passed;
  }

  /** Puts the account's clock forward. */
  passTime(seconds: number): void {
    this.#passed += seconds;
  }

  /** How many objects are kept, of all kinds. */
  get size(): number {
    const shelves = [this.paymentIntents, this.charges, this.refunds, this.customers, this.payouts];
    const maps = [
      this.deletedCustomers,
      this.balanceTransactions,
      this.#paymentMethods,
      this.defaultSources,
    ];
    const added = [this.catalogue, this.checkout, this.billing].flatMap((each) => each.shelves);
    return [...shelves, ...maps, ...added].reduce((sum, { size }) => sum + size, 0);
  }

  /** A live customer named by a parameter. */
  customer(id: string): Customer {
    if (this.deletedCustomers.has(id)) throw StripeError.missing('customer', id, 'customer', 400);
    return this.customers.get(id, 'customer', 400);
  }

  /** Stripe makes a payment method of its own from each use of `pm_card_visa`; a stored id means itself. */
  paymentMethod(reference: string, customer: string | null): StoredPaymentMethod {
    const stored = this.#paymentMethods.get(reference);
    if (stored !== undefined) return stored;
    const card = testCard('pm_card_', reference);
    if (card === undefined) {
      throw StripeError.missing('PaymentMethod', reference, 'payment_method', 400);
    }
    return this.#addCard('pm_', card, customer);
  }

  findPaymentMethod(id: string): StoredPaymentMethod | undefined {
    return this.#paymentMethods.get(id);
  }

  /** A payment method of the card behind a token. */
  methodOfToken(token: string): StoredPaymentMethod {
    const card = testCard('tok_', token);
    if (card === undefined) throw StripeError.missing('token', token, 'card[token]', 400);
    return this.#addCard('pm_', card, null);
  }

  /** The payment methods of a customer, newest first. */
  methodsOf(customer: string): StoredPaymentMethod[] {
    return [...this.#paymentMethods.values()]
      .filter(({ shown }) => shown.customer === customer && shown.id.startsWith('pm_'))
      .reverse();
  }

  /** The card behind a token: `tok_visa`. */
  source(token: string, customer: string | null): StoredPaymentMethod {
    const card = testCard('tok_', token);
    if (card === undefined) throw StripeError.missing('token', token, 'source', 400);
    return this.#addCard('card_', card, customer);
  }

  addBalanceTransaction(of: {
    amount: number;
    currency: string;
    description: string | null;
    source: string;
    type: string;
  }): string {
    const created = this.now();
    const id = newId('txn_');
    this.balanceTransactions.set(id, {
      id,
      object: 'balance_transaction',
      amount: of.amount,
      available_on: created,
      created,
      currency: of.currency,
      description: of.description,
      exchange_rate: null,
      fee: 0,
      fee_details: [],
      net: of.amount,
      reporting_category: of.type,
      source: of.source,
      status: 'pending',
      type: of.type,
    });
    return id;
  }

  #addCard(prefix: 'card_' | 'pm_', card: TestCard, customer: string | null): StoredPaymentMethod {
    const stored: StoredPaymentMethod = {
      card,
      shown: {
        id: newId(prefix),
        object: 'payment_method',
        billing_details: noBillingDetails(),
        card: {
          brand: card.brand,
          checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
          country: 'US',
          display_brand: card.brand,
          exp_month: 12,
          exp_year: new Date().getUTCFullYear() + 3,
          funding: card.funding,
          last4: card.last4,
          networks: { available: [card.brand], preferred: null },
          three_d_secure_usage: { supported: true },
          wallet: null,
        },
        created: this.now(),
        customer,
        livemode: false,
        metadata: {},
        type: 'card',
      },
    };
    this.#paymentMethods.set(stored.shown.id, stored);
    return stored;
  }
}

export function noBillingDetails(): Record<string, unknown> {
  return {
    address: {
      city: null,
      country: null,
      line1: null,
      line2: null,
      postal_code: null,
      state: null,
    },
    email: null,
    name: null,
    phone: null,
    tax_id: null,
  };
}
