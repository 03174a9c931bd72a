"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.fingerprintOf = fingerprintOf;
exports.sha256 = sha256;
const node_crypto_1 = require("node:crypto");
const parameters_1 = require("../pricing/parameters");
/** A digest of a sending. The order of its parameters makes no other operation. */
function fingerprintOf(sending) {
    const { account, tenant, user, method, target, parameters } = sending;
    const body = (0, parameters_1.toFormBody)(inOneOrder(parameters));
    return sha256(JSON.stringify([account, tenant, user, method, target, body]));
}
function sha256(text) {
    return (0, node_crypto_1.hash)('sha256', text, 'hex');
}
/** Sorted by name. What is appended to one list by `[]` keeps its order, which says where an item ends. */
function inOneOrder(parameters) {
    return parameters
        .map((parameter) => {
        const list = parameter.path.indexOf('');
        return {
            parameter,
            name: (0, parameters_1.nameOf)(list === -1 ? parameter.path : parameter.path.slice(0, list)),
        };
    })
        .sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0))
        .map(({ parameter }) => parameter);
}
