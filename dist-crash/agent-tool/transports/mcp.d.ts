import type { ExecutionContext } from '@nestjs/common';
import type { Transport } from './transport';
/**
 * MCP tools, resources and prompts of `@rekog/mcp-nest`, over streamable HTTP and STDIO.
 *
 * The user is the one that a guard put on the RPC context or the HTTP request, or that a token
 * verifier named; over STDIO there is none unless `identify` names one. The run is the one the
 * header or the call's `_meta` names, else the MCP session's, else that of a STDIO connection. What
 * the arguments say, which a model wrote, counts for nothing.
 */
export declare const mcp: Transport;
/** Whether an RPC call came over MCP. */
export declare function isMcp(context: ExecutionContext): boolean;
