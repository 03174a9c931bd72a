"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.mcpRequestOf = mcpRequestOf;
exports.mcpAnswer = mcpAnswer;
const rxjs_1 = require("rxjs");
/** Where an MCP answer's `_meta` holds the whole body of a refusal. */
const REFUSAL_META_KEY = 'nestjs-vault-key/refusal';
/** The MCP request that an RPC context stands for; `undefined` for any other transport's context. */
function mcpRequestOf(context) {
    if (typeof context !== 'object' || context === null)
        return undefined;
    const { mcpRequest, getSession } = context;
    return typeof mcpRequest === 'object' && mcpRequest !== null && typeof getSession === 'function'
        ? mcpRequest
        : undefined;
}
/**
 * What an exception comes to over MCP: to a tool call a result that is an error, in words an agent
 * can act on; to what is read or prompted a JSON-RPC error.
 *
 * The body goes as `_meta`, and not as `structuredContent`, which clients hold against the tool's
 * output schema.
 */
function mcpAnswer(exception, request) {
    const body = exception.getResponse();
    const text = `${body.message}\n${retryText(exception)}`;
    if (request.method !== 'tools/call')
        return (0, rxjs_1.throwError)(() => ({ message: text, data: body }));
    return (0, rxjs_1.of)({
        content: [{ type: 'text', text }],
        isError: true,
        _meta: { [REFUSAL_META_KEY]: body },
    });
}
function retryText({ retryable, details }) {
    if (!retryable)
        return 'Retry: no.';
    const { idempotencyKey, retryAfter } = details;
    if (typeof idempotencyKey === 'string') {
        return `Retry: only with the idempotency key ${idempotencyKey}.`;
    }
    return typeof retryAfter === 'number' ? `Retry: yes, in ${retryAfter} s.` : 'Retry: yes.';
}
