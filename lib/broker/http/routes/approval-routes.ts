import type { IncomingMessage } from 'node:http';
import { APPROVAL_STATES } from '../../../contract/states';
import type { ApprovalState } from '../../../contract/states';
import { approvalCursorFault } from '../../approvals/approvals';
import type { Broker } from '../../broker';
import { bearerToken } from '../../forwarding/request-headers';
import { readOptionalJson } from '../json-body';
import { anyText, oneOf, readListQuery } from '../list-query';
import { ID } from '../route';
import type { Route } from '../route';

export function approvalRoutes(broker: Broker): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/v1\/approvals$/,
      role: 'viewer',
      takesQuery: true,
      handle: async ({ query }) => {
        const { filter, limit, cursor } = readListQuery(query, {
          state: oneOf(APPROVAL_STATES),
          vendor: anyText,
          tenant_id: anyText,
          user_id: anyText,
          cursor: approvalCursorFault,
        });
        const { state, ...rest } = filter;
        const asked = {
          ...rest,
          ...(state === undefined ? {} : { state: state as ApprovalState }),
        };
        return { status: 200, body: await broker.approvals.list(asked, limit, cursor) };
      },
    },
    {
      method: 'GET',
      path: new RegExp(`^/v1/approvals/${ID}$`),
      role: 'viewer',
      isForApp: true,
      handle: async ({ params: [id = ''] }) => ({
        status: 200,
        body: await broker.approvals.one(id),
      }),
    },
    {
      method: 'POST',
      path: new RegExp(`^/v1/approvals/${ID}/approve$`),
      role: 'operator',
      handle: async ({ req, params: [id = ''], by }) => ({
        status: 200,
        body: await broker.approvals.approve(id, await readOptionalJson(req), by),
      }),
    },
    {
      method: 'POST',
      path: new RegExp(`^/v1/approvals/${ID}/deny$`),
      role: 'operator',
      handle: async ({ req, params: [id = ''], by }) => ({
        status: 200,
        body: await broker.approvals.deny(id, await readOptionalJson(req), by),
      }),
    },
  ];
}

/** What an agent might try with its vault key. */
const ANSWER = new RegExp(`^/v1/approvals/${ID}/(?:approve|deny)$`);

/** @throws BrokerRefusal 403 `forbidden` where a vault key would answer an approval. */
export async function refuseVaultKeys(
  broker: Broker,
  req: IncomingMessage,
  path: string,
): Promise<void> {
  if (req.method !== 'POST' || !ANSWER.test(path)) return;
  const token = bearerToken(req.headers.authorization);
  if (token === undefined) return;
  await broker.approvals.refuseVaultKey(token, path, req.socket.remoteAddress);
}
