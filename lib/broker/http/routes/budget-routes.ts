import type { Broker } from '../../broker';
import type { BudgetPath } from '../../budgets/budget-request';
import { malformedRequest } from '../../refusal';
import { readJson, readOptionalJson } from '../json-body';
import { cursorFault } from '../../page';
import { anyText, readQuery } from '../list-query';
import type { ManagementRequest, Route } from '../route';

const ALL = /^\/v1\/budgets$/;
const EFFECTIVE = /^\/v1\/budgets\/effective$/;
const ONE = /^\/v1\/budgets\/([^/]+)\/([^/]+)$/;
const SEGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+$/;
const SUBJECT = {
  tenant_id: anyText,
  user_id: anyText,
  run_id: anyText,
  tool: anyText,
  vendor: anyText,
};

export function budgetRoutes(broker: Broker): Route[] {
  return [
    {
      method: 'GET',
      path: ALL,
      role: 'viewer',
      takesQuery: true,
      handle: async ({ query }) => {
        const { cursor } = readQuery(query, { cursor: cursorFault });
        return { status: 200, body: await broker.budgets(cursor) };
      },
    },
    {
      method: 'GET',
      path: EFFECTIVE,
      role: 'viewer',
      takesQuery: true,
      handle: async ({ query }) => ({
        status: 200,
        body: await broker.effectiveBudgets(readQuery(query, SUBJECT)),
      }),
    },
    {
      method: 'PUT',
      path: ONE,
      role: 'admin',
      handle: async ({ req, params: [scope = '', id = ''], by }) => ({
        status: 200,
        body: await broker.putBudget(decoded(scope), decoded(id), await readJson(req), by),
      }),
    },
    {
      method: 'GET',
      path: ONE,
      role: 'viewer',
      takesQuery: true,
      handle: async (request) => ({ status: 200, body: await broker.budget(pathOf(request)) }),
    },
    {
      method: 'DELETE',
      path: ONE,
      role: 'admin',
      takesQuery: true,
      handle: async (request) => ({
        status: 200,
        body: await broker.deleteBudget(
          pathOf(request),
          await readOptionalJson(request.req),
          request.by,
        ),
      }),
    },
  ];
}

function pathOf({ params: [scope = '', id = ''], query }: ManagementRequest): BudgetPath {
  return {
    scope: decoded(scope),
    id: decoded(id),
    ...readQuery(query, { tenant_id: anyText, user_id: anyText }),
  };
}

/** A segment's text; an id may hold anything, so it is read in one way only. */
function decoded(segment: string): string {
  try {
    if (SEGMENT.test(segment)) return decodeURIComponent(segment);
  } catch {
    // It is not UTF-8.
  }
  throw malformedRequest(
    'The path must be percent-encoded UTF-8, and nothing in it raw that must be encoded.',
  );
}
