import { Payload } from '@nestjs/microservices';
import { McpController, Tool } from '@rekog/mcp-nest';
import { AgentTool } from 'nestjs-vault-key';
import { z } from 'zod';
import { MAY, Payments } from '../agent-tools/payments';

const cents = z.number().int().min(1).describe('In cents');

const charge = z.object({
  amount: cents.min(50),
  times: z.number().int().min(1).max(100).default(1),
  capture: z.boolean().default(true).describe('false only reserves the money'),
});
const capture = z.object({ paymentId: z.string(), amount: cents.optional() });
const payout = z.object({ amount: cents });

/** The tools of the HTTP controller, for agents that speak MCP. */
@McpController()
export class McpTools {
  constructor(private readonly payments: Payments) {}

  @Tool({ name: 'charge', description: 'Charges a card', parameters: charge })
  @AgentTool(MAY.charge)
  charge(@Payload() args: z.output<typeof charge>) {
    return this.payments.charge(args);
  }

  @Tool({ name: 'capture', description: 'Collects reserved money', parameters: capture })
  @AgentTool(MAY.capture)
  capture(@Payload() args: z.output<typeof capture>) {
    return this.payments.capture(args);
  }

  @Tool({ name: 'list_charges', description: 'Lists the latest charges' })
  @AgentTool(MAY.list)
  list() {
    return this.payments.list();
  }

  @Tool({ name: 'payout', description: 'Sends money to a bank account', parameters: payout })
  @AgentTool(MAY.payout)
  payout(@Payload() args: z.output<typeof payout>) {
    return this.payments.payout(args);
  }
}
