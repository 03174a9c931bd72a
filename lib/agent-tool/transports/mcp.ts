import type { ExecutionContext } from '@nestjs/common';
import { mcpRequestOf } from '../../exceptions/mcp-answer';
import type { McpRequest } from '../../exceptions/mcp-answer';
import { isRunId, newRunId } from '../../vault-key/agent-identity';
import type { AgentRequest } from '../identity';
import { RUN_ID_HEADER } from '../identity';
import type { RequestWithVaultKey } from '../request-run';
import type { Transport } from './transport';

/** Where a call's `_meta` names its run. */
const RUN_ID_META_KEY = 'nestjs-vault-key/agent-run-id';

/** What `@rekog/mcp-nest` keeps of a call. */
interface McpContext {
  mcpRequest: McpRequest;
  mcpServer: object;
  /** Whom a guard of the tool let in. */
  user?: unknown;
  getSession(): { sessionId?: string; transport?: string };
  /** The HTTP request; absent over STDIO. */
  getRawRequest(): (Partial<AgentRequest> & RequestWithVaultKey) | undefined;
  getArgByIndex(index: number): unknown;
}

/** What the MCP SDK says of a call, and of the HTTP request it came in. */
interface SdkContext {
  mcpReq?: { signal?: AbortSignal };
  http?: {
    req?: { headers: { get(name: string): string | null } };
    authInfo?: { extra?: unknown };
  };
}

const connectionRuns = new WeakMap<object, string>();

/**
 * MCP tools, resources and prompts of `@rekog/mcp-nest`, over streamable HTTP and STDIO.
 *
 * The user is the one that a guard put on the RPC context or the HTTP request, or that a token
 * verifier named; over STDIO there is none unless `identify` names one. The run is the one the
 * header or the call's `_meta` names, else the MCP session's, else that of a STDIO connection. What
 * the arguments say, which a model wrote, counts for nothing.
 */
export const mcp: Transport = {
  requestOf(context): AgentRequest {
    const call = contextOf(context);
    const { authInfo } = sdkContextOf(call)?.http ?? {};
    return {
      headers: { [RUN_ID_HEADER]: runIdOf(call) },
      user: call.user ?? call.getRawRequest()?.user ?? userIn(authInfo?.extra),
    };
  },
  httpRequestOf(context) {
    const call = contextOf(context);
    // The requests of a session share one place for this, and may have overtaken each other.
    return call.getSession().sessionId === undefined ? call.getRawRequest() : undefined;
  },
  toolNameOf(context) {
    const { method, params } = contextOf(context).mcpRequest;
    return method === 'tools/call' && typeof params?.name === 'string' ? params.name : undefined;
  },
  callerGone(context) {
    return sdkContextOf(contextOf(context))?.mcpReq?.signal?.aborted === true;
  },
};

/** Whether an RPC call came over MCP. */
export function isMcp(context: ExecutionContext): boolean {
  return mcpRequestOf(context.switchToRpc().getContext<unknown>()) !== undefined;
}

function contextOf(context: ExecutionContext): McpContext {
  return context.switchToRpc().getContext<McpContext>();
}

function sdkContextOf(call: McpContext): SdkContext | undefined {
  return call.getArgByIndex(4) as SdkContext | undefined;
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
      ? call.getRawRequest()?.headers?.[RUN_ID_HEADER]
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
