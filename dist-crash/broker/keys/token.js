"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.randomBase62 = randomBase62;
exports.newId = newId;
exports.newToken = newToken;
exports.isWellFormedToken = isWellFormedToken;
exports.withoutTokens = withoutTokens;
exports.hashToken = hashToken;
const node_crypto_1 = require("node:crypto");
const node_zlib_1 = require("node:zlib");
const random_1 = require("./random");
const PREFIX = 'vault_key_';
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 28 characters of base62 carry 166 random bits. */
const RANDOM_LENGTH = 28;
const CHECKSUM_LENGTH = 6;
const ID_LENGTH = 22;
const TIME_LENGTH = 7;
const SHAPE = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);
const ANYWHERE = new RegExp(`${PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}`, 'g');
/** Characters drawn evenly from base62. */
function randomBase62(length) {
    let text = '';
    while (text.length < length) {
        const byte = (0, random_1.randomByte)();
        // 248 is the largest multiple of 62 a byte can hold: above it the draw would be uneven.
        if (byte < 248)
            text += BASE62.charAt(byte % 62);
    }
    return text;
}
/**
 * What follows the prefix of an id: seven characters of the time, fifteen drawn at random. Ids that
 * are made in one go stand side by side in an index, which is what a store writes by.
 */
function newId(now) {
    return base62(now, TIME_LENGTH) + randomBase62(ID_LENGTH - TIME_LENGTH);
}
/** A new vault key's token. */
function newToken() {
    const random = randomBase62(RANDOM_LENGTH);
    return `${PREFIX}${random}${checksum(random)}`;
}
/** Whether a text can be a token at all: of its form, and with the right checksum. */
function isWellFormedToken(text) {
    if (!SHAPE.test(text))
        return false;
    const random = text.slice(PREFIX.length, -CHECKSUM_LENGTH);
    return text.endsWith(checksum(random));
}
/** A text without the tokens in it: a caller can put its own anywhere, and it must not be stored. */
function withoutTokens(text) {
    return text.includes(PREFIX) ? text.replaceAll(ANYWHERE, `${PREFIX}…`) : text;
}
/** What is stored of a token: its SHA-256 in hex. */
function hashToken(token) {
    return (0, node_crypto_1.hash)('sha256', token, 'hex');
}
function checksum(random) {
    return base62((0, node_zlib_1.crc32)(random), CHECKSUM_LENGTH);
}
function base62(value, length) {
    let rest = value;
    let text = '';
    for (let i = 0; i < length; i++) {
        text = BASE62.charAt(rest % 62) + text;
        rest = Math.floor(rest / 62);
    }
    return text;
}
