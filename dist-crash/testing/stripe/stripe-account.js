"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.StripeAccount = void 0;
exports.newId = newId;
exports.unixNow = unixNow;
exports.noBillingDetails = noBillingDetails;
const node_crypto_1 = require("node:crypto");
const latest_1 = require("./latest");
const shelf_1 = require("./shelf");
const stripe_error_1 = require("./stripe-error");
const test_cards_1 = require("./test-cards");
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 24;
const pool = Buffer.alloc(ID_LENGTH * 256);
let poolUsed = pool.length;
/** `pi_` and 24 random letters and digits. */
function newId(prefix) {
    if (poolUsed === pool.length) {
        (0, node_crypto_1.randomFillSync)(pool);
        poolUsed = 0;
    }
    let id = prefix;
    for (let end = poolUsed + ID_LENGTH; poolUsed < end; poolUsed += 1) {
        id += ALPHABET[pool[poolUsed] % ALPHABET.length];
    }
    return id;
}
function unixNow() {
    return Math.floor(Date.now() / 1000);
}
/** One Stripe account in memory: its objects, and nothing that knows of HTTP. */
class StripeAccount {
    paymentIntents;
    charges;
    refunds;
    customers;
    deletedCustomers;
    payouts;
    balanceTransactions;
    #paymentMethods;
    /** The card a customer's `default_source` stands for, by customer. */
    defaultSources;
    /** @param bound how many objects of each kind are kept, the latest */
    constructor(bound) {
        this.paymentIntents = new shelf_1.Shelf('payment_intent', bound);
        this.charges = new shelf_1.Shelf('charge', bound);
        this.refunds = new shelf_1.Shelf('refund', bound);
        this.customers = new shelf_1.Shelf('customer', bound);
        this.deletedCustomers = new latest_1.LatestMap(bound);
        this.payouts = new shelf_1.Shelf('payout', bound);
        this.balanceTransactions = new latest_1.LatestMap(bound);
        this.#paymentMethods = new latest_1.LatestMap(bound);
        this.defaultSources = new latest_1.LatestMap(bound);
    }
    /** How many objects are kept, of all kinds. */
    get size() {
        const shelves = [this.paymentIntents, this.charges, this.refunds, this.customers, this.payouts];
        const maps = [
            this.deletedCustomers,
            this.balanceTransactions,
            this.#paymentMethods,
            this.defaultSources,
        ];
        return [...shelves, ...maps].reduce((sum, { size }) => sum + size, 0);
    }
    /** A live customer named by a parameter. */
    customer(id) {
        if (this.deletedCustomers.has(id))
            throw stripe_error_1.StripeError.missing('customer', id, 'customer', 400);
        return this.customers.get(id, 'customer', 400);
    }
    /** Stripe makes a payment method of its own from each use of `pm_card_visa`; a stored id stands for itself. */
    paymentMethod(reference, customer) {
        const stored = this.#paymentMethods.get(reference);
        if (stored !== undefined)
            return stored;
        const card = (0, test_cards_1.testCard)('pm_card_', reference);
        if (card === undefined) {
            throw stripe_error_1.StripeError.missing('PaymentMethod', reference, 'payment_method', 400);
        }
        return this.#addCard('pm_', card, customer);
    }
    findPaymentMethod(id) {
        return this.#paymentMethods.get(id);
    }
    /** The card behind a token: `tok_visa`. */
    source(token, customer) {
        const card = (0, test_cards_1.testCard)('tok_', token);
        if (card === undefined)
            throw stripe_error_1.StripeError.missing('token', token, 'source', 400);
        return this.#addCard('card_', card, customer);
    }
    addBalanceTransaction(of) {
        const created = unixNow();
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
    #addCard(prefix, card, customer) {
        const stored = {
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
                created: unixNow(),
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
exports.StripeAccount = StripeAccount;
function noBillingDetails() {
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
