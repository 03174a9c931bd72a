/** What an operator may do: a `viewer` reads, an `operator` also stops and decides, an `admin` also sets caps. */
export type OperatorRole = 'viewer' | 'operator' | 'admin';

/** The roles, each with all rights of those before it. */
export const OPERATOR_ROLES: readonly OperatorRole[] = ['viewer', 'operator', 'admin'];

/** Who asks for a change. */
export interface Actor {
  /** An operator's name as the config has it; `app` for the application's token, or for code in the application. */
  name: string;
  role: OperatorRole;
  /** Whether it is the application and no operator. */
  isApp: boolean;
  remoteAddress?: string;
}

/** The actors of the audit log that are no operator: no operator has such a name. */
export const RESERVED_ACTORS = ['app', 'key', 'broker'] as const;

/** What the audit log calls a vault key's holder: the actor of each call. */
export const KEY_ACTOR = 'key';

/** What the audit log calls the broker itself. */
export const BROKER_ACTOR = 'broker';

/** Code in the broker's own process, which may do everything. */
export const APP_CODE: Actor = { name: 'app', role: 'admin', isApp: true };

/** Who asks for a change, and why. */
export interface Cause {
  by: Actor;
  /** In the actor's words. */
  reason?: string | undefined;
}

/** A change that code in the broker's own process asks for. */
export const BY_APP_CODE: Cause = { by: APP_CODE };
