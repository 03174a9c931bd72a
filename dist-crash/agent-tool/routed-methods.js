"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.mayMissInterceptors = mayMissInterceptors;
exports.isRoutedHost = isRoutedHost;
exports.isHandler = isHandler;
exports.isHttpHandler = isHttpHandler;
exports.mcpToolName = mcpToolName;
exports.mcpNameOf = mcpNameOf;
exports.messageTransport = messageTransport;
exports.guardsOf = guardsOf;
/**
 * What Nest's and its packages' own decorators put on a method that calls are routed to, HTTP's
 * apart. Over HTTP the application's interceptors always run; over these they may not: hybrid
 * applications and GraphQL's field resolvers leave them out unless told otherwise.
 */
const ROUTE_METADATA = [
    'microservices:pattern',
    'websockets:message_mapping',
    'graphql:resolver_type',
    'graphql:resolve_property',
    'graphql:resolve_reference',
];
const HOST_METADATA = ['__controller__', 'websockets:is_gateway', 'graphql:resolver_type'];
/** Whether calls reach a method by a route on which the application's interceptors may be missing. */
function mayMissInterceptors(method) {
    return ROUTE_METADATA.some((key) => Reflect.hasMetadata(key, method));
}
/** Whether Nest routes calls to a class: a controller, a gateway, a resolver. */
function isRoutedHost(host) {
    return HOST_METADATA.some((key) => Reflect.hasMetadata(key, host));
}
/** Whether Nest routes calls to a method, by whatever transport. */
function isHandler(method) {
    return isHttpHandler(method) || mayMissInterceptors(method);
}
/** Whether Nest routes HTTP requests to a method. */
function isHttpHandler(method) {
    return Reflect.hasMetadata('path', method) && Reflect.hasMetadata('method', method);
}
/** The name of a method that is an MCP tool every caller may call. */
function mcpToolName(method) {
    const restricted = ['mcp:scopes', 'mcp:roles'].some((key) => Reflect.hasMetadata(key, method));
    return restricted ? undefined : mcpNameOf(method);
}
/** The name of a method that is an MCP tool. */
function mcpNameOf(method) {
    const extras = Reflect.getMetadata('microservices:pattern_extras', method);
    return extras?.mcpType === 'tool' ? extras.mcpName : undefined;
}
/** What Nest routes messages to a method by; each MCP server of an application has its own. */
function messageTransport(method) {
    return Reflect.getMetadata('microservices:transport', method);
}
/** The guards named on a method and on its class. */
function guardsOf(method, host) {
    return [host, method].flatMap((each) => (Reflect.getMetadata('__guards__', each) ?? []));
}
