import type { OperatorOptions } from '../broker/operators/operator.options';
import type { OperatorRole } from '../broker/operators/actor';

/** Who has sent a request, as the application's own log-in knows it. */
export interface AuthorizedOperator {
  /** Stands in the audit log: 1–128 characters; not `app`, `key` or `broker`. */
  name: string;
  /** `viewer` reads; `operator` also brakes, lifts, ends holds, approves, raises; `admin` also sets budgets. */
  role: OperatorRole;
}

/**
 * Says which operator has sent a request.
 *
 * @param request That of the framework: Express's, Fastify's. What `app.use(…)` has put on it is there; guards of
 * Nest's have not run.
 * @returns `undefined` where the request is not let in: 401. A throw, and what is no operator: 503.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- what a request has is the application's affair
export type AuthorizeOperator<Request = any> = (
  request: Request,
) => AuthorizedOperator | undefined | Promise<AuthorizedOperator | undefined>;

/** What `VaultKeyAdminModule` is given: `operators` or `authorize`, and where it is mounted. */
export interface VaultKeyAdminModuleOptions {
  /**
   * Below which path of the application the page and the management API are. A global prefix does not come
   * before it.
   *
   * @default '/vault-keys'
   */
  path?: string | undefined;
  /** The people who log in with a token of their own. */
  operators?: readonly OperatorOptions[] | undefined;
  /** In place of `operators`: the application's own log-in says who asks. */
  authorize?: AuthorizeOperator | undefined;
  /**
   * Where browsers find the application, where that is not this machine: `https://app.example.com`. A path that a
   * proxy cuts off belongs to it. Requests of browsers for any other name are answered 421.
   */
  publicUrl?: string | undefined;
  /**
   * Whether a proxy in front of the application speaks TLS with the browsers, and nobody else reaches it. Without
   * TLS there is a page on loopback alone.
   *
   * @default false
   */
  behindTls?: boolean | undefined;
}
