import type { ExecutionContext } from '@nestjs/common';
import type { AgentIdentity } from '../vault-key/agent-identity';
import type { VaultKeyLimits } from '../vault-key/vault-key-limits';

/** What a cap, an allow-list or a limit may be computed from. */
export interface AgentToolContext {
  identity: AgentIdentity;
  /**
   * The arguments Nest routes the call with (over HTTP request, response and next); those the
   * method was called with where Nest does not route it.
   */
  args: readonly unknown[];
  /** Absent where Nest does not route the call: a job, a timer, an event. */
  execution?: ExecutionContext;
}

/** A value, or how to compute it for each call. */
export type PerCall<T> = T | ((context: AgentToolContext) => T | Promise<T>);

/** What each call must keep to beside the cap: each limit a value, or how to compute it for each invocation. */
export type AgentToolLimits = {
  [Name in keyof Omit<VaultKeyLimits, 'customers'>]: PerCall<NonNullable<VaultKeyLimits[Name]>>;
} & {
  /** As in {@link VaultKeyLimits}. `undefined` in the list is a bad value, which stops the invocation. */
  customers?: PerCall<readonly (string | undefined)[]>;
};

/** What a marked handler's vault key may do. */
export interface AgentToolOptions {
  /**
   * What all calls of one invocation may cost together: USD, 0 to 1,000,000, rounded down to the
   * cent. Midnight refills nothing: what limits a user's day is `budgets`. As a function it is asked
   * before each invocation; one that throws or gives a bad value stops the invocation.
   */
  dailyUsdCap: PerCall<number>;
  /**
   * The vendor endpoints the invocation may call, 1 to 100 patterns. `*` matches exactly one
   * path segment; a pattern without a method grants GET and POST.
   */
  allowedEndpoints: PerCall<readonly string[]>;
  /**
   * The account the key is for: the name of an entry of the broker's vendors.
   *
   * @default what the option `account` of `VaultKeyModule` gives, else 'stripe'
   */
  vendor?: PerCall<string> | undefined;
  /**
   * How long the key lives if nothing revokes it, `1s` to `24h`: set it to the longest invocation,
   * streams included.
   *
   * @default '5m'
   */
  expiresIn?: string | undefined;
  /**
   * What each call must keep to beside the cap; a call that does not is refused. As a function a limit is
   * asked before each invocation; one that throws or gives a bad value stops the invocation. A start-up
   * fault where the broker is a Keybrake server, which would not enforce it.
   *
   * @example { perCallUsd: 100, callsPerMinute: 10, customers: ({ identity }) => [customerOf(identity.userId)] }
   */
  limits?: AgentToolLimits | undefined;
  /**
   * A call after which its object may cost more than this needs an approval: it is refused with
   * `ApprovalRequiredException` until a person has approved this very call. USD, 0 to 1,000,000, rounded
   * down to the cent; 0 asks for every call that costs. As a function it is asked before each invocation;
   * one that throws or gives a bad value stops the invocation. A start-up fault where the broker is a
   * Keybrake server, which would not enforce it.
   *
   * @example 100
   */
  approveAbove?: PerCall<number> | undefined;
  /**
   * The tool's name, 1 to 128 characters: what budgets, brakes and the audit log know it by. No two
   * marks of an application have one name. Needed where a minifier makes the names of classes.
   *
   * @default the MCP tool's name, else `Class.method`
   */
  tool?: string | undefined;
}
