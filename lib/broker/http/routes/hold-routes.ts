import { HOLD_STATES } from '../../../contract/states';
import type { Broker } from '../../broker';
import type { HoldState } from '../../../contract/states';
import { readJson, readOptionalJson } from '../json-body';
import { anyText, oneOf, readListQuery } from '../list-query';
import { ID } from '../route';
import type { Route } from '../route';

export function holdRoutes(broker: Broker): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/v1\/holds$/,
      role: 'viewer',
      takesQuery: true,
      handle: async ({ query }) => {
        const { filter, limit, cursor } = readListQuery(query, {
          state: oneOf(HOLD_STATES),
          vendor: anyText,
          key_id: anyText,
        });
        const { state, ...rest } = filter;
        return {
          status: 200,
          body: await broker.holds.list(
            { ...rest, ...(state === undefined ? {} : { state: state as HoldState }) },
            limit,
            cursor,
          ),
        };
      },
    },
    {
      method: 'POST',
      path: new RegExp(`^/v1/holds/${ID}/settle$`),
      role: 'operator',
      handle: async ({ req, params: [id = ''], by }) => ({
        status: 200,
        body: await broker.holds.settle(id, await readJson(req), by),
      }),
    },
    {
      method: 'POST',
      path: new RegExp(`^/v1/holds/${ID}/release$`),
      role: 'operator',
      handle: async ({ req, params: [id = ''], by }) => ({
        status: 200,
        body: await broker.holds.release(id, await readOptionalJson(req), by),
      }),
    },
  ];
}
