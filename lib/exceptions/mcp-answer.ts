import { of, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import type { VaultKeyException } from './vault-key.exception';

/** Where an MCP answer's `_meta` holds the whole body of a refusal. */
const REFUSAL_META_KEY = 'nestjs-vault-key/refusal';

/** A request of an MCP client: what the RPC context of `@rekog/mcp-nest` keeps. */
export interface McpRequest {
  /** `tools/call`, `resources/read` or `prompts/get`. */
  method?: unknown;
  params?: { name?: unknown; _meta?: Readonly<Record<string, unknown>> };
}

/** The MCP request that an RPC context stands for; `undefined` for any other transport's context. */
export function mcpRequestOf(context: unknown): McpRequest | undefined {
  if (typeof context !== 'object' || context === null) return undefined;
  const { mcpRequest, getSession } = context as { mcpRequest?: unknown; getSession?: unknown };
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
export function mcpAnswer(exception: VaultKeyException, request: McpRequest): Observable<unknown> {
  const body = exception.getResponse();
  const text = `${body.message}\n${retryText(exception)}`;
  if (request.method !== 'tools/call') return throwError(() => ({ message: text, data: body }));
  return of({
    content: [{ type: 'text', text }],
    isError: true,
    _meta: { [REFUSAL_META_KEY]: body },
  });
}

function retryText({ retryable, details }: VaultKeyException): string {
  if (!retryable) return 'Retry: no.';
  const { idempotencyKey, retryAfter } = details;
  if (typeof idempotencyKey === 'string') {
    return `Retry: only with the idempotency key ${idempotencyKey}.`;
  }
  return typeof retryAfter === 'number' ? `Retry: yes, in ${retryAfter} s.` : 'Retry: yes.';
}
