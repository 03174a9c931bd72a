import type { Broker } from '../../broker';
import type { SpendQuery } from '../../spend/spend-request';
import { cursorFault } from '../../spend/spend-view';
import { limitFault } from '../../page';
import { anyText, readQuery } from '../list-query';
import type { ParameterRule } from '../list-query';
import type { Route } from '../route';

/** What their values must be, `broker.spend` says. */
const QUERY = {
  by: anyText,
  from: anyText,
  to: anyText,
  tenant_id: anyText,
  user_id: anyText,
  tool: anyText,
  vendor: anyText,
  order: anyText,
} satisfies Record<keyof SpendQuery, ParameterRule>;

export function spendRoutes(broker: Broker): Route[] {
  return [
    {
      role: 'viewer',
      method: 'GET',
      path: /^\/v1\/spend$/,
      takesQuery: true,
      handle: async ({ req, query }) => {
        if (wantsCsv(req.headers.accept)) {
          return {
            status: 200,
            contentType: 'text/csv; charset=utf-8; header=present',
            fileName: 'spend.csv',
            pieces: broker.spend.csv(readQuery(query, QUERY)),
          };
        }
        const { limit, ...rest } = readQuery(query, {
          ...QUERY,
          limit: limitFault,
          cursor: cursorFault,
        });
        const page = { ...rest, ...(limit === undefined ? {} : { limit: Number(limit) }) };
        return { status: 200, body: await broker.spend.list(page) };
      },
    },
  ];
}

function wantsCsv(accept: string | undefined): boolean {
  return /(?:^|,)\s*text\/csv\s*(?:$|[,;])/i.test(accept ?? '');
}
