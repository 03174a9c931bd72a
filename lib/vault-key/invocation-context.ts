import { ClsServiceManager } from 'nestjs-cls';
import type { Trace } from '../broker/telemetry/trace';
import type { AgentIdentity } from './agent-identity';
import type { CallNumbering, NumberedCall } from './call-numbering';
// Each entry of the package comes by here, and so says which copy it is of.
import './package-copies';
import type { VaultKey } from './vault-key';

/** What the context of an invocation carries. */
export interface InvocationRecord {
  readonly key: VaultKey;
  /** On whose behalf it works: an invocation inside it works for the same. */
  readonly identity: AgentIdentity;
  /** The invocation this one was opened in, whose keys for other vendors stay in reach. */
  readonly outer?: InvocationRecord;
  /** The routed call it was opened for: a second interceptor of the same call finds it here. */
  readonly execution?: object;
  /** The mark of the handler it was opened for, where Nest routed the call. */
  readonly mark?: object;
  /** Whether the handler has been called. */
  begun?: boolean;
  /** Its span; absent where nothing is traced. */
  readonly trace?: Trace | undefined;
  /** The numbering of its vendor calls, where its work may be done again from its start. */
  readonly calls?: CallNumbering;
  /**
   * Whether the handler has settled: what follows in this context is another attempt at the call.
   */
  handled?: boolean;
}

const INVOCATION = Symbol.for('nestjs-vault-key');
const cls = ClsServiceManager.getClsService();

/** The innermost invocation around this code, over or not. */
export function currentInvocation(): InvocationRecord | undefined {
  return cls.get(INVOCATION) as InvocationRecord | undefined;
}

/** The innermost invocation around this code, unless it is over. */
export function liveInvocation(): InvocationRecord | undefined {
  const invocation = currentInvocation();
  return invocation === undefined || invocation.key.ended ? undefined : invocation;
}

/**
 * How a call of a marked method relates to the invocation that a route opened for it: `under_way`
 * is the routed call itself, `too_late` the same after its invocation had ended, with the pipes
 * still at work.
 */
export function routedCall(mark: object): 'under_way' | 'too_late' | undefined {
  const invocation = currentInvocation();
  if (invocation === undefined || invocation.mark !== mark) return undefined;
  if (invocation.handled !== true && !invocation.key.ended) {
    invocation.begun = true;
    return 'under_way';
  }
  return invocation.begun === true ? undefined : 'too_late';
}

/** Runs work in a context of its own, which inherits what the application keeps in its context. */
export function enterInvocation<T>(invocation: InvocationRecord, work: () => T): T {
  return cls.run({ ifNested: 'inherit' }, () => {
    cls.set(INVOCATION, invocation);
    return work();
  });
}

/** The numbering of the innermost work around this code that may be done again. */
export function currentNumbering(): CallNumbering | undefined {
  let invocation = currentInvocation();
  while (invocation !== undefined && invocation.calls === undefined) invocation = invocation.outer;
  return invocation?.calls;
}

/**
 * The idempotency key of a call that was given none, where the work around it may be done again;
 * `undefined` where it is not known to be.
 */
export function numberedKey(call: NumberedCall): string | undefined {
  return currentNumbering()?.keyFor(call);
}
