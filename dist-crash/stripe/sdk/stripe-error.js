"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.errorOf = errorOf;
exports.statusOf = statusOf;
const exception_behind_1 = require("../../exceptions/exception-behind");
/** An exception as the client reads it: `code` and `message` are its own. */
function errorOf(exception) {
    const { code, message, retryable, details } = exception;
    const error = { ...details, type: 'vault_key_error', code, message, retryable };
    (0, exception_behind_1.standFor)(error, exception);
    return error;
}
/**
 * The status that gives an exception the fitting class of error. A cap's 402 would be a declined
 * card, and an agent that is told so tries another card: it is a 403, which is a permission.
 */
function statusOf(exception) {
    const status = exception.getStatus();
    if (status === 402)
        return 403;
    return status === 403 || status === 404 || status >= 500 ? status : 400;
}
