import type { Observable } from 'rxjs';
import type { VaultKeyException } from './vault-key.exception';
/** A request of an MCP client: what the RPC context of `@rekog/mcp-nest` keeps. */
export interface McpRequest {
    /** `tools/call`, `resources/read` or `prompts/get`. */
    method?: unknown;
    params?: {
        name?: unknown;
        _meta?: Readonly<Record<string, unknown>>;
    };
}
/** The MCP request that an RPC context stands for; `undefined` for any other transport's context. */
export declare function mcpRequestOf(context: unknown): McpRequest | undefined;
/**
 * What an exception comes to over MCP: to a tool call a result that is an error, in words an agent
 * can act on; to what is read or prompted a JSON-RPC error.
 *
 * The body goes as `_meta`, and not as `structuredContent`, which clients hold against the tool's
 * output schema.
 */
export declare function mcpAnswer(exception: VaultKeyException, request: McpRequest): Observable<unknown>;
