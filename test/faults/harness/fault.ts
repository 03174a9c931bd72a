import type { PostgresServer } from '../../support/postgres-server';
import type { StoreKind, World, WorldSetting } from './world';

/** What a fault excuses from the common promises, because the documentation says so. */
export interface Excuses {
  /** Keys of agents may end before their time: the server's clock jumps, or the store has lost them. */
  endsKeys?: boolean;
}

/** Something that goes wrong while agents work, and what is done about it. */
export interface Fault {
  /** As a sentence. */
  name: string;
  on: readonly StoreKind[];
  /** Whether it is over in a few seconds: it runs in `npm test` too. */
  isQuick?: boolean;
  setting?: WorldSetting;
  excuses?: Excuses;
  /** Why it cannot be played here; `undefined` where it can. */
  cannotPlay?: () => string | undefined;
  /** A server of its own in place of the one that faults share. */
  server?: () => Promise<FaultyServer>;
  /**
   * Does the damage, and mends it. Agents work all the time.
   *
   * @returns What was looked at beside the common promises, in words for the table.
   */
  strike(world: World, server: FaultyServer | PostgresServer): Promise<string | void>;
}

/** A PostgreSQL that a fault has for itself. */
export interface FaultyServer {
  database(): Promise<string>;
  remove(): Promise<void>;
}
