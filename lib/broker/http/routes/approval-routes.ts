import { APPROVAL_STATES } from '../../../contract/states';
import type { ApprovalState } from '../../../contract/states';
import { approvalCursorFault } from '../../approvals/approvals';
import type { Actor } from '../../operators/actor';
import type { Broker } from '../../broker';
import { readJson } from '../json-body';
import { anyText, oneOf, readListQuery } from '../list-query';
import { ID } from '../route';
import type { Route } from '../route';

export function approvalRoutes(broker: Broker): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/v1\/approvals$/,
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
      handle: async ({ params: [id = ''] }) => ({
        status: 200,
        body: await broker.approvals.one(id),
      }),
    },
    {
      method: 'POST',
      path: new RegExp(`^/v1/approvals/${ID}/approve$`),
      handle: async ({ req, params: [id = ''], remoteAddress }) => ({
        status: 200,
        body: await broker.approvals.approve(id, await readJson(req), appOf(remoteAddress)),
      }),
    },
    {
      method: 'POST',
      path: new RegExp(`^/v1/approvals/${ID}/deny$`),
      handle: async ({ req, params: [id = ''], remoteAddress }) => ({
        status: 200,
        body: await broker.approvals.deny(id, await readJson(req), appOf(remoteAddress)),
      }),
    },
  ];
}

function appOf(remoteAddress: string | undefined): Actor {
  return {
    name: 'app',
    role: 'admin',
    isApp: true,
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  };
}
