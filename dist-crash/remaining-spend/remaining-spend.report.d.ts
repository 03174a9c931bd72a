import type { AgentToolOptions } from '../agent-tool/agent-tool.decorator';
import { AgentToolExplorer } from '../agent-tool/agent-tool.explorer';
import type { CapStanding } from '../broker-client/broker-client';
import { CurrentVaultKey } from '../vault-key/current-vault-key';
/** What one call of a tool may cost. */
export interface ToolCap {
    /** The MCP tool's name, or `Class.method`. */
    tool: string;
    /** USD. */
    cap: number;
}
/** What an agent may still spend, told to the agent itself. All sums in USD. */
export interface RemainingSpendAnswer {
    /** The rest in words. */
    summary: string;
    user: string;
    run: string;
    tenant?: string;
    /** What is left of the tightest budget; absent where no budget stands over the agent. */
    remaining?: number;
    /**
     * Every budget over the agent: of its `tenant`, `user` or `run`, or of the `vendor`. Those of
     * single tools are not among them.
     */
    budgets: readonly CapStanding[];
    /** The tools whose cap does not depend on the call. */
    tools: readonly ToolCap[];
}
/**
 * What the key of the view itself may do: nothing that costs, and the endpoint is never called.
 * Only its budgets are asked for.
 */
export declare const VIEW_POLICY: AgentToolOptions;
/** The object whose handler tells an agent what it may still spend. */
export interface RemainingSpendView {
    remainingSpend(): unknown;
}
/** Tells an agent what it may still spend. Asked in a run of the agent's. */
export declare class RemainingSpendReport {
    #private;
    private readonly vaultKeys;
    private readonly explorer;
    constructor(vaultKeys: CurrentVaultKey, explorer: AgentToolExplorer);
    /**
     * @param transport Whose tools' caps are told.
     * @param view Who asks: over HTTP the tools that are told have no guard that it has not; over MCP
     * they are of its server.
     * @throws CallRefusedException `dialect_not_supported`, 501, where the broker cannot tell.
     * @throws AgentBrakedException where an operator has stopped the agent.
     */
    read(transport: 'http' | 'mcp', view: RemainingSpendView): Promise<RemainingSpendAnswer>;
}
