import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host';
import { runIdOf, userIdOf } from '../identity';
import { isMcp, mcp } from './mcp';

interface Call {
  server?: object;
  rawRequest?: unknown;
  sdk?: unknown;
  session?: { sessionId?: string; transport?: string };
  request?: object;
  user?: unknown;
}

/** A call as `@rekog/mcp-nest` hands it to a handler. */
function callOf({ server = {}, rawRequest, sdk, session = {}, request = {}, user }: Call = {}) {
  const args = [server, request, session, rawRequest, sdk];
  const context = {
    mcpServer: server,
    mcpRequest: request,
    user,
    getSession: () => session,
    getRawRequest: () => rawRequest,
    getArgByIndex: (index: number) => args[index],
  };
  const execution = new ExecutionContextHost([{}, context]);
  execution.setType('rpc');
  return execution as ExecutionContext;
}

const runOf = (call: Call): string => runIdOf(mcp.requestOf(callOf(call)));
const userOf = (call: Call): string => userIdOf(mcp.requestOf(callOf(call)));

describe('an MCP call', () => {
  it('is told apart from other RPC by its context', () => {
    expect(isMcp(callOf())).toBe(true);
    for (const context of [undefined, null, 'text', {}, { mcpRequest: {} }]) {
      expect(isMcp(new ExecutionContextHost([{}, context]) as ExecutionContext)).toBe(false);
    }
  });

  it('over STDIO works for nobody, in one agent run a connection', () => {
    const connection = { server: {}, session: { transport: 'stdio' } };
    expect(userOf(connection)).toBe('anon');
    expect(runOf(connection)).toMatch(/^mcp-[0-9a-f]{16}$/);
    expect(runOf(connection)).toBe(runOf(connection));
    expect(runOf({ ...connection, server: {} })).not.toBe(runOf(connection));
  });

  it('over HTTP without a session has an agent run of its own', () => {
    const call = { server: {}, session: { transport: 'streamable-http' } };
    expect(runOf(call)).not.toBe(runOf(call));
  });

  it('in a session whose id is no valid run id has an agent run of its own', () => {
    const call = { server: {}, session: { sessionId: 'a b', transport: 'streamable-http' } };
    expect(runOf(call)).toMatch(/^[0-9a-f]{16}$/);
  });

  it("reads the header of its own request, whatever the session's last one says", () => {
    const rawRequest = { headers: { 'x-agent-run-id': 'other' } };
    const req = { headers: new Headers({ 'X-Agent-Run-ID': 'own' }) };
    expect(runOf({ rawRequest })).toBe('other');
    expect(runOf({ rawRequest, sdk: { http: { req } } })).toBe('own');
  });

  it('works for whom a token verifier names, where no guard names anyone', () => {
    const sdk = { http: { authInfo: { extra: { sub: 'ada' } } } };
    expect(userOf({ sdk })).toBe('ada');
    expect(userOf({ sdk, rawRequest: { user: { id: 'grace' } } })).toBe('grace');
    expect(userOf({ sdk, rawRequest: { user: { id: 'grace' } }, user: { id: 7 } })).toBe('7');
    expect(userOf({ sdk: { http: { authInfo: { extra: { plan: 'free' } } } } })).toBe('anon');
  });

  it('is named by its tool, and a resource by its handler', () => {
    const toolOf = (request: object) => mcp.toolNameOf?.(callOf({ request }));
    expect(toolOf({ method: 'tools/call', params: { name: 'charge' } })).toBe('charge');
    expect(toolOf({ method: 'resources/read', params: { uri: 'mcp://x' } })).toBeUndefined();
  });

  describe('in a session, whose latest request may be of another', () => {
    const session = { sessionId: 's1', transport: 'streamable-http' };
    const latest = { headers: { authorization: 'Bearer grace' }, user: { id: 'grace' } };
    const sdkWith = (headers: Record<string, string>, from?: unknown) => {
      const req = { headers: new Headers(headers), [Symbol('incoming')]: from };
      return { http: { req } };
    };

    it('is told from the request that its own was made from', () => {
      const own = Object.assign(new IncomingMessage(new Socket()), { user: { id: 'ada' } });
      const call = { session, rawRequest: latest, sdk: sdkWith({}, own) };
      expect(userOf(call)).toBe('ada');
      expect(mcp.httpRequestOf?.(callOf(call))).toBe(own);
    });

    it('is told from the latest where that has the same headers, and else is refused', () => {
      const callWith = (authorization: string) => ({
        session,
        rawRequest: latest,
        sdk: sdkWith({ authorization }),
      });
      expect(userOf(callWith('Bearer grace'))).toBe('grace');
      expect(() => userOf(callWith('Bearer ada'))).toThrow('a request of its MCP session overtook');
      const bare = { ...callWith('Bearer ada'), rawRequest: undefined };
      expect(() => userOf(bare)).toThrow('a request of its MCP session overtook');
    });
  });
});
