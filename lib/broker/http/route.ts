import type { IncomingMessage } from 'node:http';
import type { Caller } from './callers/callers';
import type { EventReader } from '../events/event-reader';
import type { StoreCopy } from '../ledger/records';
import type { Actor } from '../operators/actor';
import type { LeastRole } from '../operators/rights';

/** A management request that has come as far as its route. */
export interface ManagementRequest {
  req: IncomingMessage;
  query: URLSearchParams;
  /** What the groups of the route's path matched. */
  params: readonly string[];
  /** Who asks. */
  by: Actor;
  /** The session of the page that the request came with. */
  session?: Caller['session'];
}

/** What a route answers. */
export type Reply =
  | { status: number; body: unknown; headers?: Readonly<Record<string, string>> }
  /** Text that is no JSON. */
  | { status: number; contentType: string; text: string }
  /** Text that is no JSON, in pieces, to be kept under a name. */
  | { status: number; contentType: string; fileName: string; pieces: AsyncIterable<string> }
  /** A file. */
  | { status: number; file: StoreCopy }
  /** One JSON document a line, for as long as there are any. */
  | { status: number; lines: AsyncIterable<unknown> }
  /** Events as they happen. */
  | { status: number; events: EventReader };

/** One call of the management API. */
export interface Route {
  /** The least role that may ask for it; `app`: the application's token alone. */
  role: LeastRole;
  /**
   * Whether the application itself asks for it, as operators do: its token may, whatever its role, and at the
   * applications' port too where operators have one of their own.
   */
  isForApp?: true;
  method: string;
  path: RegExp;
  /** Whether it reads its query, or passes over one as Keybrake does; else any parameter is refused. */
  takesQuery?: true;
  handle(request: ManagementRequest): Promise<Reply>;
}

/** The id of a key, a brake, a lease, a hold, in a path. */
export const ID = '([A-Za-z0-9_-]{1,255})';
