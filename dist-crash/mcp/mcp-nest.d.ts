import type * as McpNest from '@rekog/mcp-nest';
/** @throws Error with the command to install it, where it is not there. */
export declare function loadMcpNest(): typeof McpNest;
