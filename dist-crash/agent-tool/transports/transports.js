"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.transportOf = transportOf;
const graphql_1 = require("./graphql");
const http_1 = require("./http");
const mcp_1 = require("./mcp");
const rpc_1 = require("./rpc");
const web_socket_1 = require("./web-socket");
/** The transport a call came over; `undefined` for one that is not known. */
function transportOf(context) {
    switch (context.getType()) {
        case 'http':
            return (0, http_1.isHttp)(context) ? http_1.http : undefined;
        case 'rpc':
            return (0, mcp_1.isMcp)(context) ? mcp_1.mcp : rpc_1.rpc;
        case 'ws':
            return web_socket_1.webSocket;
        case 'graphql':
            return graphql_1.graphql;
        default:
            return undefined;
    }
}
