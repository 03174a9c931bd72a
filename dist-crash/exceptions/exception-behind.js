"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.standFor = standFor;
exports.exceptionBehind = exceptionBehind;
const exceptions = new WeakMap();
/**
 * Says which exception the error object of an answer stands for. The `stripe` client keeps that very
 * object as `raw` of the error it throws, so that what was thrown can be told without its classes.
 */
function standFor(error, exception) {
    exceptions.set(error, exception);
}
/** The exception that an error stands for: of the `stripe` client, or of a job. */
function exceptionBehind(error) {
    const own = typeof error === 'object' && error !== null ? exceptions.get(error) : undefined;
    if (own !== undefined)
        return own;
    const raw = error?.raw;
    const exception = typeof raw === 'object' && raw !== null ? exceptions.get(raw) : undefined;
    // Only the client's error knows where in the application the call was made.
    if (exception !== undefined)
        exception.cause ??= error;
    return exception;
}
