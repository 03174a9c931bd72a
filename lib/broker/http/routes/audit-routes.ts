import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditEntryView } from '../../audit/audit-view';
import type { Broker } from '../../broker';
import type { AuditFilter } from '../../ledger/records';
import { readJson, readNoFields } from '../json-body';
import { anyText, oneOf, readListQuery, readQuery } from '../list-query';
import type { ParameterRule } from '../list-query';
import type { ManagementRequest, Reply, Route } from '../route';

const EVENTS = [
  'call',
  'refusal',
  'issue',
  'revoke',
  'brake',
  'lift',
  'budget',
  'settlement',
  'give_back',
  'approval',
  'raise',
  'lookup',
  'threshold',
  'webhook',
  'segment',
  'backup',
  'reload',
];
const SEGMENT_ROWS = /^\/v1\/audit\/segments\/(\d{1,15})\/rows$/;
const SEGMENT_CONFIRM = /^\/v1\/audit\/segments\/(\d{1,15})\/confirm$/;
const STREAM_PAGE = 250;

const FILTERS = {
  actor: anyText,
  event: oneOf(EVENTS),
  call_id: anyText,
  key_id: anyText,
  vendor: anyText,
  tenant_id: anyText,
  user_id: anyText,
  run_id: anyText,
  tool: anyText,
  verdict: anyText,
  from: instantFault,
  to: instantFault,
} satisfies Record<string, ParameterRule>;

export function auditRoutes(broker: Broker): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/v1\/audit$/,
      role: 'viewer',
      takesQuery: true,
      handle: (request) => list(broker, request),
    },
    {
      method: 'GET',
      path: /^\/v1\/audit\/verify$/,
      role: 'viewer',
      takesQuery: true,
      handle: async ({ query }) => {
        const { head } = readQuery(query, { head: headFault });
        return { status: 200, body: await broker.verifyAudit(head) };
      },
    },
    {
      method: 'GET',
      path: /^\/v1\/audit\/segments$/,
      role: 'viewer',
      takesQuery: true,
      handle: async ({ query }) => {
        const { limit, cursor } = readListQuery(query, {});
        const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
        return { status: 200, body: await broker.auditSegments.list(page) };
      },
    },
    {
      method: 'POST',
      path: /^\/v1\/audit\/segments$/,
      role: 'admin',
      handle: async ({ req, by }) => {
        await readNoFields(req);
        return { status: 201, body: await broker.auditSegments.cut(by) };
      },
    },
    {
      method: 'GET',
      path: SEGMENT_ROWS,
      role: 'viewer',
      handle: async ({ params: [last] }) => ({
        status: 200,
        lines: broker.auditSegments.rows(Number(last)),
      }),
    },
    {
      method: 'POST',
      path: SEGMENT_CONFIRM,
      role: 'admin',
      handle: async ({ req, params: [last], by }) => ({
        status: 200,
        body: await broker.auditSegments.confirm(Number(last), await readJson(req), by),
      }),
    },
  ];
}

async function list(broker: Broker, { req, query }: ManagementRequest): Promise<Reply> {
  if (wantsLines(req.headers.accept)) {
    const filter = filterOf(readQuery(query, FILTERS));
    return { status: 200, lines: everyEntry(broker, filter) };
  }
  const { filter, limit, cursor } = readListQuery(query, FILTERS);
  return { status: 200, body: await broker.audit(filterOf(filter), limit, cursor) };
}

async function* everyEntry(broker: Broker, filter: AuditFilter): AsyncGenerator<AuditEntryView> {
  let cursor: string | undefined;
  do {
    const page = await broker.audit(filter, STREAM_PAGE, cursor);
    yield* page.entries;
    cursor = page.cursor;
    // A reader that is fast enough never has the stream wait by itself.
    await nextTurn();
  } while (cursor !== undefined);
}

function wantsLines(accept: string | undefined): boolean {
  return /(?:^|,)\s*application\/x-ndjson\s*(?:$|[,;])/i.test(accept ?? '');
}

/** Instants are compared as texts, so they are brought to the one form in which they are stored. */
function filterOf({ from, to, ...equal }: AuditFilter): AuditFilter {
  return {
    ...equal,
    ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
    ...(to === undefined ? {} : { to: new Date(to).toISOString() }),
  };
}

function instantFault(text: string): string | undefined {
  const form = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z)?$/;
  return form.test(text) && !Number.isNaN(Date.parse(text))
    ? undefined
    : 'must be a UTC instant, such as 2026-11-23T10:00:00Z, or a day';
}

function headFault(head: string): string | undefined {
  // An empty one, from a variable that was never set, must not pass for a check.
  return /^[0-9a-f]{64}$/.test(head) ? undefined : 'must be the head of an earlier answer';
}
