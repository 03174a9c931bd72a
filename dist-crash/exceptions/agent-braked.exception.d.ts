import { VaultKeyException } from './vault-key.exception';
/**
 * An operator has stopped this agent, user, tool or tenant: new keys and calls with standing ones
 * are refused. Answered as 403 `agent_braked`.
 */
export declare class AgentBrakedException extends VaultKeyException {
    /** Over whom the brake stands: `key`, `tenant`, `user`, `run`, `tool`, `vendor` or `all`. */
    readonly scope?: string;
    /** The operator's reason. */
    readonly reason?: string;
    constructor(init?: {
        scope?: string;
        reason?: string;
    });
}
