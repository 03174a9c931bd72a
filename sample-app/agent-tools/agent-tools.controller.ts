import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import { AgentTool } from 'nestjs-vault-key';
import { CaptureDto } from './capture.dto';
import { ChargeDto } from './charge.dto';
import { MAY, Payments } from './payments';
import { PayoutDto } from './payout.dto';
import { UserGuard } from './user.guard';

/**
 * Four tools for an agent. Each invocation of one gets a vault key of its own, with the cap and the
 * endpoints its mark names, and no way to more.
 */
@Controller('agent-tools')
@UseGuards(UserGuard)
export class AgentToolsController {
  constructor(private readonly payments: Payments) {}

  /** Charges a card, once or several times; `capture: false` only reserves the money. */
  @Post('charge')
  @AgentTool(MAY.charge)
  charge(@Body() charge: ChargeDto) {
    return this.payments.charge(charge);
  }

  /** Collects money that was reserved, or less of it. */
  @Post('capture')
  @AgentTool(MAY.capture)
  capture(@Body() capture: CaptureDto) {
    return this.payments.capture(capture);
  }

  /** Lists the latest charges. */
  @Get('charges')
  @AgentTool(MAY.list)
  list() {
    return this.payments.list();
  }

  /**
   * Tries to send money to a bank account: what an injected prompt would like to. Its key may
   * charge and nothing else, so the call is refused, whatever the code here does.
   */
  @Post('payout')
  @AgentTool(MAY.payout)
  payout(@Body() payout: PayoutDto) {
    return this.payments.payout(payout);
  }
}
