import type { Broker } from '../../broker';
import { EVENT_KINDS } from '../../events/event';
import type { EventKind } from '../../events/event';
import { placeOfEvent } from '../../events/event-id';
import { anyText, readQuery } from '../list-query';
import type { ParameterRule } from '../list-query';
import type { ManagementRequest, Reply, Route } from '../route';

const PARAMETERS = {
  kind: kindsFault,
  after: idFault,
  tenant_id: anyText,
  user_id: anyText,
  run_id: anyText,
  tool: anyText,
  vendor: anyText,
  key_id: anyText,
} satisfies Record<string, ParameterRule>;

export function eventRoutes(broker: Broker): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/v1\/events$/,
      role: 'viewer',
      isForApp: true,
      takesQuery: true,
      handle: (request) => open(broker, request),
    },
  ];
}

/** What a client sends that comes again counts: it sends the same address each time. */
async function open(broker: Broker, { req, query }: ManagementRequest): Promise<Reply> {
  const { kind, after: first, ...filter } = readQuery(query, PARAMETERS);
  const last = req.headers['last-event-id'];
  const isId = typeof last === 'string' && placeOfEvent(last) !== undefined;
  const after = isId ? last : first;
  const events = await broker.events.open({
    ...filter,
    ...(kind === undefined ? {} : { kinds: kind.split(',') as EventKind[] }),
    ...(after === undefined ? {} : { after }),
  });
  return { status: 200, events };
}

function kindsFault(value: string): string | undefined {
  const known: readonly string[] = EVENT_KINDS;
  return value.split(',').every((kind) => known.includes(kind))
    ? undefined
    : `must be some of ${EVENT_KINDS.join(', ')}, with commas between them`;
}

function idFault(value: string): string | undefined {
  return placeOfEvent(value) === undefined ? 'must be the id of an event' : undefined;
}
