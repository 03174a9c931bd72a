import { ClsServiceManager } from 'nestjs-cls';
import type { AgentIdentity } from './agent-identity';
import type { CallNumbering } from './call-numbering';
import type { VaultKey } from './vault-key';

/** What the context of a run carries. */
export interface RunRecord {
  readonly key: VaultKey;
  /** On whose behalf it works: a run inside it works for the same. */
  readonly identity: AgentIdentity;
  /** The run this one was opened in, whose keys for other vendors stay in reach. */
  readonly outer?: RunRecord;
  /** The routed call it was opened for: a second interceptor of the same call finds it here. */
  readonly execution?: object;
  /** The mark of the handler it was opened for, where Nest routed the call. */
  readonly mark?: object;
  /** The numbering of its vendor calls, where its work may be done again from its start. */
  readonly calls?: CallNumbering;
  /** Whether the handler has settled: what follows in this context is another attempt at the call. */
  handled?: boolean;
}

const RUN = Symbol.for('nestjs-vault-key');
const cls = ClsServiceManager.getClsService();

/** The innermost run around this code, over or not. */
export function currentRun(): RunRecord | undefined {
  return cls.get(RUN) as RunRecord | undefined;
}

/** The innermost run around this code, unless it is over. */
export function liveRun(): RunRecord | undefined {
  const run = currentRun();
  return run === undefined || run.key.ended ? undefined : run;
}

/** Whether this code is the handler, under way, that a routed call's run was opened for. */
export function openedByRoute(mark: object): boolean {
  const run = currentRun();
  return run !== undefined && run.mark === mark && run.handled !== true && !run.key.ended;
}

/** Runs work in a context of its own, which inherits what the application keeps in its context. */
export function enterRun<T>(run: RunRecord, work: () => T): T {
  return cls.run({ ifNested: 'inherit' }, () => {
    cls.set(RUN, run);
    return work();
  });
}
