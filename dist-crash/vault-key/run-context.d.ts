import type { AgentIdentity } from './agent-identity';
import type { CallNumbering } from './call-numbering';
import './package-copies';
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
    /** Whether the handler has been called. */
    begun?: boolean;
    /** The numbering of its vendor calls, where its work may be done again from its start. */
    readonly calls?: CallNumbering;
    /** Whether the handler has settled: what follows in this context is another attempt at the call. */
    handled?: boolean;
}
/** The innermost run around this code, over or not. */
export declare function currentRun(): RunRecord | undefined;
/** The innermost run around this code, unless it is over. */
export declare function liveRun(): RunRecord | undefined;
/**
 * Where a call of a marked method stands to the run that a route opened for it: `under_way` is the
 * routed call itself, `too_late` the same after its run had ended, with the pipes still at work.
 */
export declare function routedCall(mark: object): 'under_way' | 'too_late' | undefined;
/** Runs work in a context of its own, which inherits what the application keeps in its context. */
export declare function enterRun<T>(run: RunRecord, work: () => T): T;
