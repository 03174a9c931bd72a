import { Injectable } from '@nestjs/common';
import type { AgentToolOptions } from '../agent-tool/agent-tool.options';
import { AgentToolExplorer } from '../agent-tool/agent-tool.explorer';
import type { MarkedMethod } from '../agent-tool/agent-tool.explorer';
import {
  guardsOf,
  isHttpHandler,
  mcpToolName,
  messageTransport,
} from '../agent-tool/routed-methods';
import type { CapStatus } from '../broker-client/broker-client';
import { dollarsText } from '../contract/usd';
import { CurrentVaultKey } from '../vault-key/current-vault-key';
import { toWholeCents } from '../vault-key/whole-cents';

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
  /** What is left of the tightest budget; absent if the agent has no budget. */
  remaining?: number;
  /**
   * Every budget over the agent: of its `tenant`, `user` or `run`, or of the `vendor`. Those of
   * single tools are not among them.
   */
  budgets: readonly CapStatus[];
  /** The tools whose cap does not depend on the call. */
  tools: readonly ToolCap[];
}

/**
 * What the key of the view itself may do: nothing that costs, and the endpoint is never called.
 * Only its budgets are asked for.
 */
export const VIEW_POLICY: AgentToolOptions = {
  dailyUsdCap: 0,
  allowedEndpoints: ['/v1/balance'],
  expiresIn: '30s',
};

/** What an agent's budgets say, and not the view's own key, which is gone with the answer. */
const BUDGET_SCOPES: ReadonlySet<string> = new Set(['tenant', 'user', 'run', 'vendor']);

/** The object whose handler tells an agent what it may still spend. */
export interface RemainingSpendView {
  remainingSpend(): unknown;
}

/** Tells an agent what it may still spend. Asked in an invocation of the agent's. */
@Injectable()
export class RemainingSpendReport {
  constructor(
    private readonly vaultKeys: CurrentVaultKey,
    private readonly explorer: AgentToolExplorer,
  ) {}

  /**
   * @param transport Whose tools' caps are told.
   * @param view Who asks: over HTTP the tools that are told have no guard that it has not; over MCP
   * they are of its server.
   * @throws CallRefusedException `dialect_not_supported`, 501, where the broker cannot tell.
   * @throws AgentBrakedException where an operator has stopped the agent.
   */
  async read(transport: 'http' | 'mcp', view: RemainingSpendView): Promise<RemainingSpendAnswer> {
    const { userId: user, runId: run, tenantId: tenant } = this.vaultKeys.get();
    const { caps } = await this.vaultKeys.remaining();
    const budgets = caps.filter(({ scope }) => BUDGET_SCOPES.has(scope));
    const tightest = budgets.reduce<CapStatus | undefined>(
      (least, cap) => (least === undefined || cap.remaining < least.remaining ? cap : least),
      undefined,
    );
    const tools = this.#capsOf(transport, view);
    return {
      summary: [summaryOf(tightest), ...budgets.map(budgetText), ...tools.map(toolText)].join('\n'),
      user,
      run,
      ...(tenant === undefined ? {} : { tenant }),
      ...(tightest === undefined ? {} : { remaining: tightest.remaining }),
      budgets,
      tools,
    };
  }

  #capsOf(transport: 'http' | 'mcp', view: RemainingSpendView): ToolCap[] {
    const nameOf = transport === 'mcp' ? mcpNames(view) : httpNames(view);
    return this.explorer.markedMethods().flatMap((marked) => {
      const { dailyUsdCap: cap, allowedEndpoints } = marked.mark;
      const isView = allowedEndpoints === VIEW_POLICY.allowedEndpoints;
      const tool = isView || typeof cap !== 'number' ? undefined : nameOf(marked);
      return tool === undefined ? [] : [{ tool, cap: toWholeCents(cap as number) }];
    });
  }
}

type NameOf = (marked: MarkedMethod) => string | undefined;

function mcpNames({ remainingSpend }: RemainingSpendView): NameOf {
  const server = messageTransport(remainingSpend);
  return ({ method }) => (messageTransport(method) === server ? mcpToolName(method) : undefined);
}

/** A tool behind a guard that has not let this caller in may be none of its business. */
function httpNames(view: RemainingSpendView): NameOf {
  const passed = new Set(guardsOf(view.remainingSpend, view.constructor));
  return ({ tool, method, host }) =>
    isHttpHandler(method) && guardsOf(method, host).every((guard) => passed.has(guard))
      ? tool
      : undefined;
}

function summaryOf(tightest: CapStatus | undefined): string {
  if (tightest === undefined) {
    return 'You have no budget; only the cap of each invocation applies.';
  }
  const { scope, remaining, resetsAt } = tightest;
  const wait = resetsAt === undefined ? 'ask a person' : `wait until ${resetsAt}, or ask a person`;
  return remaining > 0
    ? `You may spend at most ${dollarsText(remaining)} more. A call that would cost more is refused: do not make it, ${wait}.`
    : `Nothing is left of the budget of this ${scope}. Do not make calls that spend money: ${wait}.`;
}

function budgetText(budget: CapStatus): string {
  const { scope, period = 'day', cap, spent, held, remaining, resetsAt } = budget;
  const within = period === '24h' ? 'in 24 hours' : `a ${period}`;
  const resets = resetsAt === undefined ? '' : ` It resets at ${resetsAt}.`;
  return `The budget of this ${scope}: ${dollarsText(cap)} ${within}, of which ${dollarsText(spent)} is spent, ${dollarsText(held)} is reserved by calls in flight or of unknown outcome, and ${dollarsText(remaining)} is left.${resets}`;
}

function toolText({ tool, cap }: ToolCap): string {
  return cap === 0
    ? `A call of ${tool} spends nothing new.`
    : `One call of ${tool} may cost at most ${dollarsText(cap)}.`;
}
