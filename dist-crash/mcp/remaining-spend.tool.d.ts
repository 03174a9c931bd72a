import type { RemainingSpendAnswer } from '../remaining-spend/remaining-spend.report';
/**
 * The MCP tool `remaining_spend`: tells the agent that asks what it may still spend, what is spent
 * and reserved, and when its budgets start afresh, for its user, run and tenant; in words, and as
 * structured content. Mounted like any `@McpController`. Guards are those of a class that extends
 * it.
 *
 * Of the own caps of its server's tools it names those that every caller may call: not those with
 * `@ToolScopes` or `@ToolRoles`, nor caps that are computed for each call.
 *
 * @example
 * @Module({ controllers: [PaymentTools, RemainingSpendTool] })
 * export class AgentModule {}
 */
export declare class RemainingSpendTool {
    private readonly report;
    /** What the agent that asks may still spend. */
    remainingSpend(): Promise<RemainingSpendToolResult>;
}
/** What an MCP client gets. */
export interface RemainingSpendToolResult {
    content: {
        type: 'text';
        text: string;
    }[];
    structuredContent: RemainingSpendAnswer;
}
