"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.bindObject = bindObject;
exports.bindClass = bindClass;
exports.unbindClass = unbindClass;
exports.toolRunsOf = toolRunsOf;
const vault_key_missing_exception_1 = require("../exceptions/vault-key-missing.exception");
const byObject = new WeakMap();
const byClass = new WeakMap();
/** Lets the marked methods of an object that the container has made find its application's runs. */
function bindObject(host, runs) {
    byObject.set(host, runs);
}
/** The same for a class whose objects are made later: request-scoped and transient ones. */
function bindClass(host, runs) {
    const bound = byClass.get(host) ?? new Set();
    byClass.set(host, bound.add(runs));
}
function unbindClass(host, runs) {
    byClass.get(host)?.delete(runs);
}
/** @throws VaultKeyMissingException `not_bound` where it cannot be told whose the object is. */
function toolRunsOf(host, tool) {
    if (typeof host === 'object' && host !== null) {
        const own = byObject.get(host);
        if (own !== undefined)
            return own;
        const [only, ...others] = byClass.get(host.constructor) ?? [];
        if (only !== undefined && others.length === 0)
            return only;
    }
    throw new vault_key_missing_exception_1.VaultKeyMissingException({ tool, reason: 'not_bound' });
}
