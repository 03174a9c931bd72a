"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.passingChainKey = passingChainKey;
exports.chainKeyBeside = chainKeyBeside;
const node_crypto_1 = require("node:crypto");
const node_fs_1 = require("node:fs");
const store_file_1 = require("./store-file");
const CHAIN_KEY = /^[0-9a-f]{64}$/;
const KEPT = () => { };
/** A key for what does not outlive the process. */
function passingChainKey() {
    return { text: (0, node_crypto_1.randomBytes)(32).toString('hex'), origin: 'the audit key', keep: KEPT };
}
/**
 * The audit key beside a store.
 *
 * @param isChained Whether the store has a log that is chained: then no key is made for it.
 * @throws Error where it is missing or damaged.
 */
function chainKeyBeside(file, isChained) {
    const path = `${file}.audit-key`;
    const draft = `${path}.new`;
    const origin = `the audit key ${path}`;
    if ((0, node_fs_1.existsSync)(path)) {
        const text = readKey(path);
        if (text !== undefined)
            return { text, origin, keep: KEPT };
        throw new Error(`The audit key ${path} is damaged: it must be 64 hexadecimal digits.`);
    }
    const keep = () => {
        (0, node_fs_1.renameSync)(draft, path);
        (0, store_file_1.syncFolder)(path);
    };
    if (isChained) {
        // Its process was stopped between the store's first transaction and the key's name.
        const text = (0, node_fs_1.existsSync)(draft) ? readKey(draft) : undefined;
        if (text !== undefined)
            return { text, origin, keep };
        throw new Error(`The audit key ${path} is missing, so the log in ${file} could not be verified: put it back, or give the key as VAULT_KEY_AUDIT_KEY.`);
    }
    const text = (0, node_crypto_1.randomBytes)(32).toString('hex');
    const handle = (0, node_fs_1.openSync)(draft, 'w', 0o600);
    (0, node_fs_1.writeSync)(handle, `${text}\n`);
    (0, node_fs_1.fsyncSync)(handle);
    (0, node_fs_1.closeSync)(handle);
    (0, store_file_1.syncFolder)(draft);
    return { text, origin, keep };
}
function readKey(path) {
    const text = (0, node_fs_1.readFileSync)(path, 'utf8').trim();
    return CHAIN_KEY.test(text) ? text : undefined;
}
