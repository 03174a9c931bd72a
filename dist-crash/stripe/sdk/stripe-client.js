"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.loadStripe = loadStripe;
exports.stripeClient = stripeClient;
const vault_key_http_client_1 = require("./vault-key-http-client");
/** @throws Error with the command to install it, where it is not there. */
function loadStripe() {
    try {
        return require('stripe');
    }
    catch (error) {
        if (error.code !== 'MODULE_NOT_FOUND')
            throw error;
        throw new Error('nestjs-vault-key/stripe needs the package stripe, which is not installed: npm install stripe@^23');
    }
}
/** A client of the official SDK whose every call goes with the vault key of the run around it. */
function stripeClient(StripeClient, vaultKeys) {
    return new StripeClient('', {
        // The key is put in by the HTTP client: an authenticator that rejects leaves a call without an end.
        authenticator: () => Promise.resolve(),
        httpClient: new vault_key_http_client_1.VaultKeyHttpClient(vaultKeys),
        timeout: vault_key_http_client_1.NO_OWN_TIMEOUT_MS,
        telemetry: false,
        appInfo: { name: 'nestjs-vault-key' },
    });
}
