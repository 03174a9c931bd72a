import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host';
import { runIdOf, userIdOf } from '../identity';
import { webSocket } from './web-socket';

function contextOf(client: unknown): ExecutionContextHost {
  const context = new ExecutionContextHost([client, { runId: 'of-the-message' }, 'charge']);
  context.setType('ws');
  return context;
}

const requestOf = (client: unknown) => webSocket.requestOf(contextOf(client));

it.each([
  ["the handshake's header", { handshake: { headers: { 'x-agent-run-id': 'run-1' } } }],
  ["the handshake's auth", { handshake: { headers: {}, auth: { runId: 'run-1' } } }],
  [
    'the header, where both do',
    { handshake: { headers: { 'x-agent-run-id': 'run-1' }, auth: { runId: 'run-2' } } },
  ],
  ['the upgrade request, on ws', { request: { headers: { 'x-agent-run-id': 'run-1' } } }],
])('the agent run is named by %s', (_name, client) => {
  expect(runIdOf(requestOf(client))).toBe('run-1');
});

it.each([[{}], [{ handshake: { headers: {}, auth: { runId: null } } }]])(
  'the agent run of a connection that names none is a new one, whatever the message says',
  (client) => {
    expect(runIdOf(requestOf(client))).toMatch(/^[0-9a-f]{16}$/);
  },
);

it.each([[7], [{}], [''], ['no run/id']])('an auth.runId of %p is refused', (runId) => {
  expect(() => runIdOf(requestOf({ handshake: { headers: {}, auth: { runId } } }))).toThrow(
    /X-Agent-Run-ID/,
  );
});

it.each([
  ['client.data', { data: { user: { id: 'ada' } } }],
  ['the client', { user: { id: 'ada' } }],
  ['the upgrade request', { request: { user: { id: 'ada' } } }],
])('the user is the one that was put on %s', (_name, client) => {
  expect(userIdOf(requestOf(client))).toBe('ada');
});

it('a user that the client claims to be counts for nothing', () => {
  const handshake = { headers: {}, auth: { user: { id: 'eve' }, userId: 'eve' } };
  expect(userIdOf(requestOf({ handshake }))).toBe('anon');
});

it.each([
  [{ disconnected: true }, true],
  [{ disconnected: false }, false],
  [{ readyState: 1 }, false],
  [{ readyState: 3 }, true],
])('of %p it is told whether the client is gone', (client, gone) => {
  expect(webSocket.callerGone?.(contextOf(client))).toBe(gone);
});
