"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readJson = readJson;
exports.readNoFields = readNoFields;
const request_body_1 = require("../forwarding/request-body");
const known_fields_1 = require("../known-fields");
const refusal_1 = require("../refusal");
/**
 * Reads a management request's body: one JSON document in UTF-8.
 *
 * @throws BrokerRefusal 400, 413 or 415.
 */
async function readJson(req) {
    const type = req.headers['content-type'] ?? '';
    if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
        throw new refusal_1.BrokerRefusal(415, 'unsupported_media_type', 'The management API takes application/json in UTF-8 alone.');
    }
    if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') {
        throw new refusal_1.BrokerRefusal(415, 'unsupported_media_type', 'A body must be sent unencoded.');
    }
    const bytes = await (0, request_body_1.collectBody)(req.iterator({ destroyOnReturn: false }));
    try {
        // A byte order mark is kept, so that it is no valid JSON.
        const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
        return JSON.parse(text);
    }
    catch {
        throw new refusal_1.BrokerRefusal(400, 'invalid_request', 'The body is not one JSON document in UTF-8.');
    }
}
/**
 * Reads the body of a call that takes no field: none, or an empty object.
 *
 * @throws BrokerRefusal 422 with every field, or what {@link readJson} throws.
 */
async function readNoFields(req) {
    const { headers } = req;
    if (headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0') {
        return;
    }
    const body = await readJson(req);
    const faults = typeof body === 'object' && body !== null && !Array.isArray(body)
        ? (0, known_fields_1.unknownFields)(body, [])
        : [{ field: '', message: 'the body must be a JSON object' }];
    if (faults.length > 0)
        throw (0, refusal_1.invalidFields)(faults);
}
