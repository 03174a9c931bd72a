import { Inject } from '@nestjs/common';
import { AgentTool } from '../agent-tool/agent-tool.decorator';
import { RemainingSpendReport, VIEW_POLICY } from '../remaining-spend/remaining-spend.report';
import type { RemainingSpendAnswer } from '../remaining-spend/remaining-spend.report';
import { loadMcpNest } from './mcp-nest';

// At the import, so that a package that is not there is named before an application is half up.
const { McpController, Tool } = loadMcpNest();

const usd = { type: 'number', description: 'USD' };

/** What the tool answers, as JSON Schema. */
const OUTPUT = {
  type: 'object',
  properties: {
    summary: { type: 'string' },
    user: { type: 'string' },
    run: { type: 'string' },
    tenant: { type: 'string' },
    remaining: { ...usd, description: 'USD left of the tightest budget' },
    budgets: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          scope: { type: 'string', enum: ['tenant', 'user', 'run', 'vendor'] },
          period: { type: 'string', description: 'day, week or month (UTC), or 24h' },
          cap: usd,
          spent: usd,
          held: usd,
          remaining: usd,
          resetsAt: { type: 'string', description: 'ISO 8601, UTC' },
        },
        required: ['scope', 'cap', 'spent', 'held', 'remaining'],
      },
    },
    tools: {
      type: 'array',
      items: {
        type: 'object',
        properties: { tool: { type: 'string' }, cap: usd },
        required: ['tool', 'cap'],
      },
    },
  },
  required: ['summary', 'user', 'run', 'budgets', 'tools'],
};

/**
 * The MCP tool `remaining_spend`: tells the agent that asks what it may still spend, what is spent
 * and reserved, and when its budgets reset, for its user, agent run and tenant; in words, and as
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
@McpController()
export class RemainingSpendTool {
  // By property, so that a class that extends it needs no constructor.
  @Inject(RemainingSpendReport) private readonly report!: RemainingSpendReport;

  /** What the agent that asks may still spend. */
  @Tool({
    name: 'remaining_spend',
    description:
      'Tells what you may still spend in USD, what is spent and reserved, and when your budgets reset. Costs nothing. Ask it before you spend, and after a call was refused for its cap.',
    outputSchema: OUTPUT,
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  })
  @AgentTool(VIEW_POLICY)
  async remainingSpend(): Promise<RemainingSpendToolResult> {
    const answer = await this.report.read('mcp', this);
    return { content: [{ type: 'text', text: answer.summary }], structuredContent: answer };
  }
}

/** What an MCP client gets. */
export interface RemainingSpendToolResult {
  content: { type: 'text'; text: string }[];
  structuredContent: RemainingSpendAnswer;
}
