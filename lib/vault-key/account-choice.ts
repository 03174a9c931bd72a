import type { ExecutionContext } from '@nestjs/common';
import { vendorNameFault } from '../contract/vendor-name';
import type { AgentIdentity } from './agent-identity';

/** What the account of an invocation may be chosen by. */
export interface AccountContext {
  /** On whose behalf the invocation works: what to choose by. */
  identity: AgentIdentity;
  /** As in `AgentToolContext`; empty for `VaultKeyService.run()`. */
  args: readonly unknown[];
  /** Absent where Nest does not route the call: a job, a timer, an event, `VaultKeyService.run()`. */
  execution?: ExecutionContext;
}

/** Names the account that an invocation works with. */
export type ChooseAccount = (
  context: AccountContext,
) => string | undefined | Promise<string | undefined>;

/**
 * The account of an invocation whose mark or policy names none.
 *
 * @throws What `choose` throws, and Error where it gives no name of an account.
 */
export async function accountFor(choose: ChooseAccount, context: AccountContext): Promise<string> {
  const name: unknown = await choose(context);
  const fault = name === undefined ? 'is undefined' : vendorNameFault(name);
  if (fault === undefined) return name as string;
  const given =
    typeof name === 'string' ? `"${name.slice(0, 64)}"` : `a value of type ${typeof name}`;
  throw new Error(`the option account of VaultKeyModule gave ${given}: an account's name ${fault}`);
}
