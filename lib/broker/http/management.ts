import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Broker } from '../broker';
import { bearerToken } from '../forwarding/request-headers';
import { collectBody } from '../forwarding/request-body';
import type { KeyStatus } from '../keys/key';
import type { KeyFilter } from '../ledger/ledger';
import { BrokerRefusal, invalidFields, methodNotAllowed, notFound } from '../refusal';
import type { FieldFault } from '../refusal';
import { sendJson } from './answers';

interface Route {
  method: string;
  path: RegExp;
  handle(request: ManagementRequest, id: string): Promise<{ status: number; body: unknown }>;
}

interface ManagementRequest {
  req: IncomingMessage;
  query: URLSearchParams;
  remoteAddress: string | undefined;
}

const STATUSES: readonly KeyStatus[] = ['active', 'expired', 'revoked'];
const FILTERS = ['vendor', 'tenant_id', 'user_id', 'run_id', 'tool'] as const;
const PARAMETERS: ReadonlySet<string> = new Set([...FILTERS, 'status', 'limit', 'cursor']);
const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;

/** The management API, for whoever holds the management token. */
export class Management {
  readonly #tokenHash: Buffer;
  readonly #routes: readonly Route[];

  constructor(
    private readonly broker: Broker,
    token: string,
  ) {
    this.#tokenHash = sha256(token);
    this.#routes = [
      {
        method: 'POST',
        path: /^\/v1\/keys$/,
        handle: async ({ req, remoteAddress }) => ({
          status: 201,
          body: await this.broker.issue(await readJson(req), remoteAddress),
        }),
      },
      {
        method: 'GET',
        path: /^\/v1\/keys$/,
        handle: async ({ query }) => ({ status: 200, body: await this.#list(query) }),
      },
      {
        method: 'POST',
        path: /^\/v1\/keys\/revoke$/,
        handle: async ({ req, remoteAddress }) => ({
          status: 200,
          body: await this.broker.revokeAll(await readJson(req), remoteAddress),
        }),
      },
      {
        method: 'GET',
        path: /^\/v1\/keys\/([A-Za-z0-9_-]{1,255})$/,
        handle: async (_request, id) => ({ status: 200, body: await this.broker.key(id) }),
      },
      {
        method: 'DELETE',
        path: /^\/v1\/keys\/([A-Za-z0-9_-]{1,255})$/,
        handle: async ({ remoteAddress }, id) => ({
          status: 200,
          body: await this.broker.revoke(id, remoteAddress),
        }),
      },
    ];
  }

  /** @throws BrokerRefusal for everything but a good answer. */
  async handle(
    req: IncomingMessage,
    res: ServerResponse,
    path: string,
    query: string,
  ): Promise<void> {
    this.#authenticate(req);
    const onPath = this.#routes.filter((route) => route.path.test(path));
    if (onPath.length === 0) throw notFound('There is nothing at this path.');
    const route = onPath.find(({ method }) => method === req.method);
    if (route === undefined) throw methodNotAllowed(onPath.map(({ method }) => method));
    const request = {
      req,
      query: new URLSearchParams(query),
      remoteAddress: req.socket.remoteAddress,
    };
    const { status, body } = await route.handle(request, route.path.exec(path)?.[1] ?? '');
    sendJson(res, status, body);
  }

  #authenticate(req: IncomingMessage): void {
    const token = bearerToken(req.headers.authorization);
    if (token !== undefined && timingSafeEqual(sha256(token), this.#tokenHash)) return;
    throw new BrokerRefusal(
      401,
      'unauthorized',
      'The management API needs its token: Authorization: Bearer <KEYBRAKE_TOKEN>.',
      {},
      { 'www-authenticate': 'Bearer' },
    );
  }

  #list(query: URLSearchParams): Promise<unknown> {
    const faults: FieldFault[] = [];
    const filter: KeyFilter = {};
    for (const name of FILTERS) {
      const value = query.get(name);
      if (value !== null) filter[name] = value;
    }
    const status = query.get('status');
    if (isStatus(status)) filter.status = status;
    else if (status !== null) {
      faults.push({ field: 'status', message: `must be one of ${STATUSES.join(', ')}` });
    }
    const limit = query.get('limit') ?? String(DEFAULT_LIMIT);
    if (!/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > MAX_LIMIT) {
      faults.push({ field: 'limit', message: `must be a whole number from 1 to ${MAX_LIMIT}` });
    }
    const cursor = query.get('cursor') ?? undefined;
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
      faults.push({ field: 'cursor', message: 'must be the cursor of an earlier page' });
    }
    for (const name of new Set(query.keys())) {
      if (!PARAMETERS.has(name)) {
        faults.push({ field: name, message: 'is no filter of this list' });
      } else if (query.getAll(name).length > 1) {
        faults.push({ field: name, message: 'must be given once' });
      }
    }
    if (faults.length > 0) throw invalidFields(faults);
    return this.broker.keys(filter, Number(limit), cursor);
  }
}

function isStatus(text: string | null): text is KeyStatus {
  return (STATUSES as readonly (string | null)[]).includes(text);
}

async function readJson(req: IncomingMessage): Promise<unknown> {
  const type = req.headers['content-type'] ?? '';
  if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw new BrokerRefusal(
      415,
      'unsupported_media_type',
      'The management API takes application/json in UTF-8 alone.',
    );
  }
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new BrokerRefusal(415, 'unsupported_media_type', 'A body must be sent unencoded.');
  }
  const bytes = await collectBody(req.iterator({ destroyOnReturn: false }));
  try {
    // A byte order mark is kept, so that it is no valid JSON.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return JSON.parse(text) as unknown;
  } catch {
    throw new BrokerRefusal(400, 'invalid_request', 'The body is not one JSON document in UTF-8.');
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
