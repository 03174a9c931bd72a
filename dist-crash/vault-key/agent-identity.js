"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.RUN_ID_RULE = exports.ANONYMOUS = void 0;
exports.isRunId = isRunId;
exports.newRunId = newRunId;
exports.idText = idText;
exports.readIdentity = readIdentity;
exports.invalidIdentity = invalidIdentity;
const random_1 = require("../broker/keys/random");
const call_refused_exception_1 = require("../exceptions/call-refused.exception");
/** Who a run is for where nobody is logged in. */
exports.ANONYMOUS = 'anon';
/** What a run id must look like, in words. */
exports.RUN_ID_RULE = 'must be 1 to 128 of the characters A-Z a-z 0-9 _ . : -';
const RUN_ID = /^[A-Za-z0-9_.:-]{1,128}$/;
/** Whether a value can be a run id. */
function isRunId(value) {
    return typeof value === 'string' && RUN_ID.test(value);
}
/** A run id nobody else has: 8 random bytes in hex. */
function newRunId() {
    return (0, random_1.randomHex)(8);
}
/** A user's or tenant's id as text; `undefined` where the value is neither a text nor an integer. */
function idText(value) {
    if (typeof value === 'string')
        return value.trim() === '' ? undefined : value;
    return typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : undefined;
}
/**
 * Reads an identity that the application gave.
 *
 * @param next What to do about one that is not sound, as a sentence.
 * @throws CallRefusedException `invalid_identity`, naming every field that is not sound.
 */
function readIdentity(given, next) {
    if (given === undefined || given === null)
        return {};
    if (typeof given !== 'object')
        throw invalidIdentity('it must be an object', next);
    const { userId, runId, tenantId, tool } = given;
    const faults = [];
    const user = idText(userId);
    if (userId !== undefined && user === undefined) {
        faults.push('userId must be a string that is not blank, or an integer');
    }
    const tenant = idText(tenantId);
    if (tenantId !== undefined && tenant === undefined) {
        faults.push('tenantId must be a string that is not blank, or an integer');
    }
    if (runId !== undefined && !isRunId(runId))
        faults.push(`runId ${exports.RUN_ID_RULE}`);
    if (tool !== undefined && (typeof tool !== 'string' || tool.trim() === '')) {
        faults.push('tool must be a string that is not blank');
    }
    if (faults.length > 0)
        throw invalidIdentity(faults.join('; '), next);
    return {
        ...(user === undefined ? {} : { userId: user }),
        ...(runId === undefined ? {} : { runId: runId }),
        ...(tenant === undefined ? {} : { tenantId: tenant }),
        ...(tool === undefined ? {} : { tool: tool }),
    };
}
/** An identity that cannot be worked with: the application's fault, so no 4xx. */
function invalidIdentity(what, next = 'See the option `identify` of VaultKeyModule.') {
    return new call_refused_exception_1.CallRefusedException({
        status: 500,
        code: 'invalid_identity',
        message: `It is not known on whose behalf this call works, so it was not run: ${what}. ${next}`,
    });
}
