import { Controller, Get, Header, Inject } from '@nestjs/common';
import { AgentTool } from '../agent-tool/agent-tool.decorator';
import { RemainingSpendReport, VIEW_POLICY } from './remaining-spend.report';
import type { RemainingSpendAnswer } from './remaining-spend.report';

/**
 * `GET /remaining-spend`: tells the agent that asks what it may still spend, what is spent and
 * reserved, and when its budgets reset, for its user, agent run and tenant. Mount it
 * yourself; the guards of the application's tools belong on it too. Another path, and guards, are
 * those of a class that extends it. Of the tools' own caps it names those of handlers that have no
 * guard but its own.
 *
 * It answers 501 `dialect_not_supported` where the broker cannot tell, and 403 `agent_braked` where
 * an operator has stopped the agent.
 *
 * @example
 * @Controller('agent-tools/remaining-spend')
 * @UseGuards(SessionGuard)
 * export class AgentSpendController extends RemainingSpendController {}
 */
@Controller('remaining-spend')
export class RemainingSpendController {
  // By property, so that a class that extends it needs no constructor.
  @Inject(RemainingSpendReport) private readonly report!: RemainingSpendReport;

  /** What the agent that asks may still spend. */
  @Get()
  @Header('Cache-Control', 'no-store')
  @AgentTool(VIEW_POLICY)
  remainingSpend(): Promise<RemainingSpendAnswer> {
    return this.report.read('http', this);
  }
}
