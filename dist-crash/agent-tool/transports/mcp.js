"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.mcp = void 0;
exports.isMcp = isMcp;
const node_http_1 = require("node:http");
const node_http2_1 = require("node:http2");
const mcp_answer_1 = require("../../exceptions/mcp-answer");
const agent_identity_1 = require("../../vault-key/agent-identity");
const identity_1 = require("../identity");
/** Where a call's `_meta` names its run. */
const RUN_ID_META_KEY = 'nestjs-vault-key/agent-run-id';
const connectionRuns = new WeakMap();
/**
 * MCP tools, resources and prompts of `@rekog/mcp-nest`, over streamable HTTP and STDIO.
 *
 * The user is the one that a guard put on the RPC context or the HTTP request, or that a token
 * verifier named; over STDIO there is none unless `identify` names one. The run is the one the
 * header or the call's `_meta` names, else the MCP session's, else that of a STDIO connection. What
 * the arguments say, which a model wrote, counts for nothing.
 */
exports.mcp = {
    requestOf(context) {
        const call = contextOf(context);
        const { authInfo } = sdkContextOf(call)?.http ?? {};
        return {
            headers: { [identity_1.RUN_ID_HEADER]: runIdOf(call) },
            user: call.user ?? rawRequestOf(call)?.user ?? userIn(authInfo?.extra),
        };
    },
    httpRequestOf: (context) => rawRequestOf(contextOf(context)),
    toolNameOf(context) {
        const { method, params } = contextOf(context).mcpRequest;
        return method === 'tools/call' && typeof params?.name === 'string' ? params.name : undefined;
    },
    callerGone(context) {
        return sdkContextOf(contextOf(context))?.mcpReq?.signal?.aborted === true;
    },
};
/** Whether an RPC call came over MCP. */
function isMcp(context) {
    return (0, mcp_answer_1.mcpRequestOf)(context.switchToRpc().getContext()) !== undefined;
}
function contextOf(context) {
    return context.switchToRpc().getContext();
}
function sdkContextOf(call) {
    return call.getArgByIndex(4);
}
/**
 * The HTTP request a call came in. A session keeps only the latest of its requests, which may have
 * overtaken this one and be another user's.
 *
 * @throws CallRefusedException `invalid_identity` where that is so and its own is not to be had.
 */
function rawRequestOf(call) {
    const latest = call.getRawRequest();
    const request = sdkContextOf(call)?.http?.req;
    if (call.getSession().sessionId === undefined || request === undefined)
        return latest;
    const own = nodeRequestBehind(request);
    if (own !== undefined)
        return own;
    if (latest !== undefined && hasHeaders(latest, request.headers))
        return latest;
    throw (0, agent_identity_1.invalidIdentity)('a request of its MCP session overtook it, and may be of another user; send the calls of a session one after another');
}
/** What a web request was made from: adapters of Node's servers keep it under a symbol of theirs. */
function nodeRequestBehind(request) {
    const fields = request;
    return Object.getOwnPropertySymbols(request)
        .map((symbol) => fields[symbol])
        .find((value) => value instanceof node_http_1.IncomingMessage || value instanceof node_http2_1.Http2ServerRequest);
}
function hasHeaders({ headers = {} }, expected) {
    return [...expected].every(([name, value]) => [headers[name]].flat().join(', ') === value);
}
/** What a token verifier adds to a token may name the user, or no one. */
function userIn(extra) {
    if (typeof extra !== 'object' || extra === null)
        return undefined;
    return ['id', 'userId', 'sub'].some((field) => field in extra) ? extra : undefined;
}
function runIdOf(call) {
    const request = sdkContextOf(call)?.http?.req;
    const header = request === undefined
        ? rawRequestOf(call)?.headers?.[identity_1.RUN_ID_HEADER]
        : (request.headers.get(identity_1.RUN_ID_HEADER) ?? undefined);
    if (header !== undefined)
        return header;
    const meta = call.mcpRequest.params?._meta ?? {};
    const plain = Object.keys(meta).find((key) => key.toLowerCase() === identity_1.RUN_ID_HEADER);
    const named = meta[RUN_ID_META_KEY] ?? (plain === undefined ? undefined : meta[plain]);
    // What is named and is no text stays what is no run id.
    if (named !== undefined && named !== null)
        return typeof named === 'string' ? named : [];
    const { sessionId, transport } = call.getSession();
    const ofSession = `mcp-${sessionId ?? ''}`;
    if (sessionId !== undefined && (0, agent_identity_1.isRunId)(ofSession))
        return ofSession;
    return transport === 'stdio' ? runOfConnection(call.mcpServer) : undefined;
}
/** A STDIO connection has one server to itself, and no id. */
function runOfConnection(server) {
    const known = connectionRuns.get(server) ?? `mcp-${(0, agent_identity_1.newRunId)()}`;
    connectionRuns.set(server, known);
    return known;
}
