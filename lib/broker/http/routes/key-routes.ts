import { KEY_STATUSES } from '../../../contract/states';
import type { Broker } from '../../broker';
import { bearerToken } from '../../forwarding/request-headers';
import type { KeyStatus } from '../../../contract/states';
import { readJson } from '../json-body';
import { anyText, oneOf, readListQuery } from '../list-query';
import { ID } from '../route';
import type { Reply, Route } from '../route';
import type { IncomingMessage } from 'node:http';

const ONE = new RegExp(`^/v1/keys/${ID}$`);

export function keyRoutes(broker: Broker): Route[] {
  return [
    {
      method: 'POST',
      path: /^\/v1\/keys$/,
      role: 'app',
      takesQuery: true,
      handle: async ({ req, by }) => ({
        status: 201,
        body: await broker.issue(await readJson(req), by, () => !req.socket.writable),
      }),
    },
    {
      method: 'GET',
      path: /^\/v1\/keys$/,
      role: 'viewer',
      takesQuery: true,
      handle: async ({ query }) => {
        const { filter, limit, cursor } = readListQuery(query, {
          status: oneOf(KEY_STATUSES),
          vendor: anyText,
          tenant_id: anyText,
          user_id: anyText,
          run_id: anyText,
          tool: anyText,
        });
        const { status, ...rest } = filter;
        return {
          status: 200,
          body: await broker.keys(
            { ...rest, ...(status === undefined ? {} : { status: status as KeyStatus }) },
            limit,
            cursor,
          ),
        };
      },
    },
    {
      method: 'POST',
      path: /^\/v1\/keys\/revoke$/,
      role: 'app',
      handle: async ({ req, by }) => ({
        status: 200,
        body: await broker.revokeAll(await readJson(req), by),
      }),
    },
    {
      method: 'GET',
      path: ONE,
      role: 'viewer',
      handle: async ({ params: [id = ''] }) => ({ status: 200, body: await broker.key(id) }),
    },
    {
      method: 'DELETE',
      path: ONE,
      role: 'app',
      takesQuery: true,
      handle: async ({ params: [id = ''], by }) => ({
        status: 200,
        body: await broker.revoke(id, by),
      }),
    },
  ];
}

/** The one call whose bearer is a vault key: no role is asked for. */
export function currentKeyRoute(
  broker: Broker,
): Pick<Route, 'method' | 'path'> & { handle(req: IncomingMessage): Promise<Reply> } {
  return {
    method: 'GET',
    path: /^\/v1\/keys\/current$/,
    handle: async (req) => {
      const sent = req.headersDistinct['authorization'];
      // Of two, no one can say which is meant.
      const token = sent?.length === 1 ? bearerToken(sent[0]) : undefined;
      return {
        status: 200,
        body: await broker.currentKey(sent === undefined ? undefined : (token ?? '')),
      };
    },
  };
}
