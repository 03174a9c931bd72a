import { Payload } from '@nestjs/microservices';
import type { CallToolResult } from '@modelcontextprotocol/client';
import { McpController, Tool } from '@rekog/mcp-nest';
import { z } from 'zod';
import { AgentTool } from '../../../lib/index';
import { POLICY, ToolWork } from './tool-work';
import type { ToolArgs } from './tool-work';
import type { ToolAnswer } from './transport-under-test';

const parameters = z.object({
  amount: z.number().int().optional(),
  gate: z.string().optional(),
  error: z.enum(['own', 'http']).optional(),
});

@McpController()
export class McpTools {
  constructor(private readonly work: ToolWork) {}

  @Tool({ name: 'charge', description: 'Charges a card', parameters })
  @AgentTool(POLICY)
  charge(@Payload() args: ToolArgs) {
    return this.work.charge(args);
  }

  @Tool({ name: 'chargeTwice', description: 'Charges a card twice', parameters })
  @AgentTool(POLICY)
  chargeTwice(@Payload() args: ToolArgs) {
    return this.work.chargeTwice(args);
  }

  @AgentTool(POLICY)
  @Tool({ name: 'payOut', description: 'Pays out', parameters })
  payOut(@Payload() args: ToolArgs) {
    return this.work.payOut(args);
  }

  @AgentTool(POLICY)
  @Tool({ name: 'fail', description: 'Fails', parameters })
  fail(@Payload() args: ToolArgs) {
    return this.work.fail(args);
  }

  @Tool({ name: 'leaveBehind', description: 'Leaves a charge behind', parameters })
  @AgentTool(POLICY)
  leaveBehind(@Payload() args: ToolArgs) {
    return this.work.leaveBehind(args);
  }

  @Tool({ name: 'chargeUnmarked', description: 'Charges without a mark', parameters })
  chargeUnmarked(@Payload() args: ToolArgs) {
    return this.work.chargeUnmarked(args);
  }

  @Tool({ name: 'failUnmarked', description: 'Fails without a mark', parameters })
  failUnmarked(@Payload() args: ToolArgs) {
    return this.work.failUnmarked(args);
  }
}

/** A tool's answer as the other transports' callers have it; of a refusal, the whole body. */
export function answerOf({ content, isError, _meta }: CallToolResult): ToolAnswer {
  const [block] = content;
  const text = block?.type === 'text' ? block.text : '';
  if (isError !== true) return { result: JSON.parse(text) as unknown };
  const body = _meta?.['nestjs-vault-key/refusal'] as { message: string } | undefined;
  if (body !== undefined && !text.startsWith(body.message)) throw new Error(`It says: ${text}`);
  return { error: body ?? { message: text } };
}
