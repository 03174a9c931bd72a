"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.STRIPE_CLIENT = void 0;
exports.provideStripeClient = provideStripeClient;
exports.newStripeClient = newStripeClient;
/**
 * Where the official `stripe` client is injected, for what a decorator does not reach:
 * `app.get<Stripe>(STRIPE_CLIENT)`, or `overrideProvider(STRIPE_CLIENT)` in a spec.
 */
exports.STRIPE_CLIENT = Symbol.for('nestjs-vault-key:stripe-client');
let newClient;
/** Told by `nestjs-vault-key/stripe` when it is imported: nothing else here knows that package. */
function provideStripeClient(create) {
    newClient = create;
}
/** The client of one application; none where nobody has imported `nestjs-vault-key/stripe`. */
function newStripeClient(vaultKeys) {
    return newClient?.(vaultKeys);
}
