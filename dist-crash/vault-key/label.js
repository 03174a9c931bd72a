"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.keyLabel = keyLabel;
exports.subjectId = subjectId;
const node_crypto_1 = require("node:crypto");
const label_rule_1 = require("../broker/keys/label-rule");
const MAX_LABEL = 200;
const MAX_SUBJECT = 128;
const PLAIN = /^[\x20-\x7e]*$/;
/**
 * `nest-<user>-<run>`, as key lists and the audit log show it. A user id may hold anything: what a
 * label may not hold becomes `_`, and the user is cut so that the whole fits.
 */
function keyLabel(prefix, userId, runId) {
    const room = MAX_LABEL - prefix.length - runId.length - 2;
    return `${prefix}-${shown(userId, room)}-${runId}`;
}
/**
 * An id as the subject of a key. One that the broker would refuse (too long, blank, unprintable) is
 * sent as its hash: cut short, two users could share one budget.
 */
function subjectId(id) {
    const fits = PLAIN.test(id)
        ? id.length <= MAX_SUBJECT && id.trim() !== ''
        : (0, label_rule_1.labelFault)(id, MAX_SUBJECT) === undefined;
    return fits ? id : `sha256-${(0, node_crypto_1.createHash)('sha256').update(id, 'utf16le').digest('hex')}`;
}
function shown(text, room) {
    if (PLAIN.test(text))
        return text.slice(0, room);
    // Cut before it is cleaned: a cut can part emoji from what joins them.
    return (0, label_rule_1.withoutUnshown)(Array.from(text).slice(0, room).join(''));
}
