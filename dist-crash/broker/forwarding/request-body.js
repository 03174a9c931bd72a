"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.wholeBody = wholeBody;
exports.collectBody = collectBody;
exports.parseBody = parseBody;
const body_limits_1 = require("../pricing/body-limits");
const form_body_1 = require("../pricing/form-body");
const json_body_1 = require("../pricing/json-body");
const parameters_1 = require("../pricing/parameters");
const refusal_1 = require("../refusal");
const UTF_8 = new TextDecoder('utf-8', { fatal: true });
const NO_BODY = Buffer.alloc(0);
const NO_DECIMALS = new Set();
/**
 * A body that is there already.
 *
 * @throws BrokerRefusal 413 `body_too_large`.
 */
function wholeBody(body, maxBytes) {
    if (body === undefined)
        return NO_BODY;
    if (body.length > maxBytes)
        throw bodyTooLarge(maxBytes);
    return body;
}
/**
 * Waits for the whole body.
 *
 * @throws BrokerRefusal 413 `body_too_large`; `caller_gone` where the body breaks off.
 */
async function collectBody(body, maxBytes = body_limits_1.DEFAULT_BODY_LIMITS.bodyBytes) {
    if (body === undefined || Buffer.isBuffer(body))
        return wholeBody(body, maxBytes);
    const chunks = [];
    let length = 0;
    try {
        for await (const chunk of body) {
            length += chunk.length;
            if (length > maxBytes)
                throw bodyTooLarge(maxBytes);
            chunks.push(chunk);
        }
    }
    catch (error) {
        // What else fails is the connection under the body, whatever this version of Node calls it.
        throw error instanceof refusal_1.BrokerRefusal ? error : (0, refusal_1.callerGone)(error);
    }
    return Buffer.concat(chunks);
}
/**
 * Reads a body strictly, by its declared type. An empty one is an empty form, whatever its type.
 *
 * @throws BrokerRefusal 415 `unsupported_media_type`, 400 `invalid_body`.
 */
function parseBody(bytes, contentType, limits = body_limits_1.DEFAULT_BODY_LIMITS) {
    if (bytes.length === 0)
        return { parameters: [], decimals: NO_DECIMALS };
    const type = mediaType(contentType);
    if (type === undefined) {
        throw new refusal_1.BrokerRefusal(415, 'unsupported_media_type', 'A body must be application/x-www-form-urlencoded or application/json, in UTF-8.');
    }
    try {
        const text = decodeUtf8(bytes);
        const body = type === 'json'
            ? (0, json_body_1.parseJsonBody)(text, limits.levels)
            : { parameters: (0, form_body_1.parseFormBody)(text), decimals: NO_DECIMALS };
        (0, parameters_1.checkParameters)(body.parameters, limits);
        return body;
    }
    catch (error) {
        if (!(error instanceof parameters_1.BodyFault))
            throw error;
        const param = error.param?.split('[')[0] ?? null;
        throw new refusal_1.BrokerRefusal(400, param === 'amount' || param === 'currency' ? 'invalid_amount' : 'invalid_body', `The request body cannot be read in one way only: ${error.message}.`, error.param === null ? {} : { param: error.param });
    }
}
/** @throws BodyFault where the bytes are not UTF-8 or begin with a byte order mark. */
function decodeUtf8(bytes) {
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
        throw new parameters_1.BodyFault('it begins with a byte order mark');
    }
    try {
        return UTF_8.decode(bytes);
    }
    catch {
        throw new parameters_1.BodyFault('it is not UTF-8');
    }
}
function mediaType(contentType) {
    const match = /^\s*([\w.+-]+\/[\w.+-]+)\s*(?:;\s*charset="?([\w-]+)"?\s*)?$/i.exec(contentType ?? '');
    if (match === null || !/^(?:utf-?8)$/i.test(match[2] ?? 'utf-8'))
        return undefined;
    const type = match[1]?.toLowerCase();
    if (type === 'application/x-www-form-urlencoded')
        return 'form';
    return type === 'application/json' ? 'json' : undefined;
}
function bodyTooLarge(maxBytes) {
    return new refusal_1.BrokerRefusal(413, 'body_too_large', `A body may have at most ${maxBytes} bytes, since it must be priced before it is forwarded.`);
}
