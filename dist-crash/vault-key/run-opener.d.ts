import { BrokerClient } from '../broker-client/broker-client';
import type { BrokerDialect } from '../broker-client/broker-client';
import type { AgentIdentity } from './agent-identity';
import type { CallNumbering } from './call-numbering';
import { GracefulStop } from './graceful-stop';
import type { KeyTerms } from './key-terms';
import { RevocationQueue } from './revocation-queue';
import { Run } from './run';
import { VaultKey } from './vault-key';
import type { VaultKeyPolicy } from './vault-key-policy';
/** What a run, or a key on its own, is asked for with. */
export interface RunRequest {
    /** Already found sound. */
    policy: VaultKeyPolicy;
    identity: AgentIdentity;
    label: string;
    /** The routed call the run is for, and the mark of its handler. */
    execution?: object;
    mark?: object;
    calls?: CallNumbering;
}
/** Opens runs: asks the broker for their keys, and sees to it that each key is revoked. */
export declare class RunOpener {
    #private;
    private readonly client;
    private readonly queue;
    private readonly terms;
    private readonly stop;
    constructor(client: BrokerClient, queue: RevocationQueue, terms?: KeyTerms, stop?: GracefulStop);
    /** What the broker can be asked to enforce. */
    get dialect(): BrokerDialect;
    /** @throws VaultKeyUnavailableException where the application is stopping and no run may begin here. */
    admit(): void;
    /**
     * Opens a run, inside the one around the caller if there is one: the inner key counts against
     * the outer one's cap too, or, where the broker knows no parents, is the outer one.
     *
     * @throws VaultKeyException when no key was to be had.
     */
    open(request: RunRequest): Promise<Run>;
    /** A key outside any run; the caller revokes it. */
    issue(request: RunRequest): Promise<VaultKey>;
    /** Ends a key and queues its revocation. Again is harmless. */
    revoke(key: VaultKey): void;
}
