import { IncomingMessage } from 'node:http';
import { Http2ServerRequest } from 'node:http2';
import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import { from, map, of, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { ApprovalRequiredException } from '../../exceptions/approval-required.exception';
import type { VaultKeyException } from '../../exceptions/vault-key.exception';
import { invalidIdentity, isRunId, newRunId } from '../../vault-key/agent-identity';
import type { AgentRequest } from '../identity';
import { RUN_ID_HEADER } from '../identity';
import type { RequestWithVaultKey } from '../request-invocation';
import { tellWhereToApprove } from './mcp-elicitation';
import type { ElicitingRequest } from './mcp-elicitation';
import type { Transport } from './transport';

/** Where a call's `_meta` names its agent run. */
const RUN_ID_META_KEY = 'nestjs-vault-key/agent-run-id';

/** Where an MCP answer's `_meta` holds the whole body of a refusal. */
const REFUSAL_META_KEY = 'nestjs-vault-key/refusal';

/** A request of an MCP client: what the RPC context of `@rekog/mcp-nest` keeps. */
interface McpRequest {
  /** `tools/call`, `resources/read` or `prompts/get`. */
  method?: unknown;
  params?: { name?: unknown; _meta?: Readonly<Record<string, unknown>> };
}

/** What `@rekog/mcp-nest` keeps of a call. */
interface McpContext {
  mcpRequest: McpRequest;
  mcpServer: object;
  /** Whom a guard of the tool let in. */
  user?: unknown;
  getSession(): { sessionId?: string; transport?: string };
  /** The HTTP request; in a session the latest of its requests; absent over STDIO. */
  getRawRequest(): RawRequest | undefined;
  getArgByIndex(index: number): unknown;
}

type RawRequest = Partial<AgentRequest> & RequestWithVaultKey;

/** What the MCP SDK says of a call, and of the HTTP request it came in. */
interface SdkContext {
  mcpReq?: ElicitingRequest;
  http?: {
    req?: Pick<Request, 'headers'>;
    authInfo?: { extra?: unknown };
  };
}

const connectionRuns = new WeakMap<object, string>();

/**
 * MCP tools, resources and prompts of `@rekog/mcp-nest`, over streamable HTTP and STDIO.
 *
 * The user is the one that a guard put on the RPC context or the HTTP request, or that a token
 * verifier named; over STDIO only `identify` can name one. The agent run is the one
 * the header or the call's `_meta` names, else the MCP session's, else that of a STDIO connection.
 * What the arguments say, which a model wrote, counts for nothing.
 */
export const mcp: Transport = {
  requestOf(context): AgentRequest {
    const call = contextOf(context);
    const { authInfo } = sdkContextOf(call)?.http ?? {};
    return {
      headers: { [RUN_ID_HEADER]: runIdOf(call) },
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
  /**
   * To a tool call a result that is an error, in words an agent can act on; to what is read or
   * prompted a JSON-RPC error. Where a person must approve, they are told at a client that can show it.
   *
   * The body goes as `_meta`, and not as `structuredContent`, which clients hold against the tool's
   * output schema.
   */
  answer(exception, host): Observable<unknown> {
    const call = host.switchToRpc().getContext<McpContext>();
    const { method } = call.mcpRequest;
    const body = exception.getResponse();
    const text = `${body.message}\n${retryText(exception)}`;
    if (method !== 'tools/call') return throwError(() => ({ message: text, data: body }));
    const result = {
      content: [{ type: 'text', text }],
      isError: true,
      _meta: { [REFUSAL_META_KEY]: body },
    };
    if (!(exception instanceof ApprovalRequiredException)) return of(result);
    return from(tellWhereToApprove(sdkContextOf(call)?.mcpReq, exception)).pipe(map(() => result));
  },
};

/** Whether an RPC call came over MCP. */
export function isMcp(host: ArgumentsHost): boolean {
  const context = host.switchToRpc().getContext<unknown>();
  if (typeof context !== 'object' || context === null) return false;
  const { mcpRequest, getSession } = context as { mcpRequest?: unknown; getSession?: unknown };
  return typeof mcpRequest === 'object' && mcpRequest !== null && typeof getSession === 'function';
}

function retryText(exception: VaultKeyException): string {
  const { retryable, details } = exception;
  if (!retryable) return 'Retry: no.';
  if (exception instanceof ApprovalRequiredException) {
    return 'Retry: yes, unchanged, once a person has approved it.';
  }
  const { idempotencyKey, retryAfter } = details;
  if (typeof idempotencyKey === 'string') {
    return `Retry: only with the idempotency key ${idempotencyKey}.`;
  }
  return typeof retryAfter === 'number' ? `Retry: yes, in ${retryAfter} s.` : 'Retry: yes.';
}

function contextOf(context: ExecutionContext): McpContext {
  return context.switchToRpc().getContext<McpContext>();
}

function sdkContextOf(call: McpContext): SdkContext | undefined {
  return call.getArgByIndex(4) as SdkContext | undefined;
}

/**
 * The HTTP request a call came in. A session keeps only the latest of its requests, which may have
 * overtaken this one and be another user's.
 *
 * @throws CallRefusedException `invalid_identity` where that is so and its own cannot be read.
 */
function rawRequestOf(call: McpContext): RawRequest | undefined {
  const latest = call.getRawRequest();
  const request = sdkContextOf(call)?.http?.req;
  if (call.getSession().sessionId === undefined || request === undefined) return latest;
  const own = nodeRequestBehind(request);
  if (own !== undefined) return own;
  if (latest !== undefined && hasHeaders(latest, request.headers)) return latest;
  throw invalidIdentity(
    'a request of its MCP session overtook it, and may be of another user; send the calls of a session one after another',
  );
}

/**
 * What a web request was made from: adapters of Node's servers keep it under a symbol of theirs.
 */
function nodeRequestBehind(request: object): RawRequest | undefined {
  const fields = request as Record<symbol, unknown>;
  return Object.getOwnPropertySymbols(request)
    .map((symbol) => fields[symbol])
    .find((value) => value instanceof IncomingMessage || value instanceof Http2ServerRequest);
}

function hasHeaders({ headers = {} }: RawRequest, expected: Headers): boolean {
  return [...expected].every(([name, value]) => [headers[name]].flat().join(', ') === value);
}

/** What a token verifier adds to a token may name the user, or no one. */
function userIn(extra: unknown): unknown {
  if (typeof extra !== 'object' || extra === null) return undefined;
  return ['id', 'userId', 'sub'].some((field) => field in extra) ? extra : undefined;
}

function runIdOf(call: McpContext): AgentRequest['headers'][string] {
  const request = sdkContextOf(call)?.http?.req;
  const header =
    request === undefined
      ? rawRequestOf(call)?.headers?.[RUN_ID_HEADER]
      : (request.headers.get(RUN_ID_HEADER) ?? undefined);
  if (header !== undefined) return header;
  const meta = call.mcpRequest.params?._meta ?? {};
  const plain = Object.keys(meta).find((key) => key.toLowerCase() === RUN_ID_HEADER);
  const named = meta[RUN_ID_META_KEY] ?? (plain === undefined ? undefined : meta[plain]);
  // What is named and is no text stays what is no run id.
  if (named !== undefined && named !== null) return typeof named === 'string' ? named : [];
  const { sessionId, transport } = call.getSession();
  const ofSession = `mcp-${sessionId ?? ''}`;
  if (sessionId !== undefined && isRunId(ofSession)) return ofSession;
  return transport === 'stdio' ? runOfConnection(call.mcpServer) : undefined;
}

/** A STDIO connection has one server to itself, and no id. */
function runOfConnection(server: object): string {
  const known = connectionRuns.get(server) ?? `mcp-${newRunId()}`;
  connectionRuns.set(server, known);
  return known;
}
