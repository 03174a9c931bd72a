import { BrokerClient } from '../broker-client/broker-client';
import type { StartUpFault } from '../vault-key/vault-key-start-up.exception';
import type { AgentToolOptions } from './agent-tool.decorator';
import type { NamedMethod } from './tool-name';
/** The token of the vendors the broker is known to serve; `null` where only the broker knows. */
export declare const KNOWN_VENDORS: unique symbol;
/** What can be told of a mark before its first call. */
export declare class MarkRules {
    #private;
    private readonly client;
    private readonly knownVendors;
    constructor(client: BrokerClient, knownVendors: ReadonlySet<string> | null);
    /** Every fault of a mark. */
    faultsOf(mark: AgentToolOptions, where: string): StartUpFault[];
    /** Every fault of the names that methods give to their tools, those of earlier ones included. */
    nameFaultsOf(named: NamedMethod, where: string): StartUpFault[];
    /** Takes a name for a tool; the fault where another one of the application has it. */
    claimName(name: string, owner: object, where: string): StartUpFault | undefined;
}
