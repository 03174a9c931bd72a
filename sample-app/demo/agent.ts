import { randomBytes } from 'node:crypto';

/** What the tools answer: `error` and what goes with it where they were refused. */
export interface ToolAnswer {
  vaultKey?: string;
  payments?: { id: string; status: string; received: number }[];
  charges?: { payment: string | null; amount: number }[];
  error?: string;
  cap?: number;
  spent?: number;
  /** Of `remaining_spend`: USD, and all of it in words. */
  remaining?: number;
  summary?: string;
  /** What an MCP tool says in words, line by line; why a job failed. */
  text?: string[];
}

/** One call of a tool, with its answer. */
export interface ToolCall {
  user: string;
  method: 'GET' | 'POST' | 'job' | 'tools/call';
  /** Over MCP the tool's name, of a job the job's. */
  path: string;
  sent: object | undefined;
  /** Over MCP `result`, or `isError` where the tool was refused; of a job how it ended. */
  status: number | 'result' | 'isError' | 'completed' | 'failed';
  answer: ToolAnswer;
}

/** An agent that uses the tools over HTTP, in one run for several users. */
export class Agent {
  constructor(
    private readonly url: string,
    readonly runId = `run-${randomBytes(6).toString('hex')}`,
  ) {}

  charge(
    user: string,
    charge: { amount: number; times?: number; capture?: boolean },
  ): Promise<ToolCall> {
    return this.#call(user, 'POST', '/agent-tools/charge', charge);
  }

  capture(user: string, capture: { paymentId: string; amount?: number }): Promise<ToolCall> {
    return this.#call(user, 'POST', '/agent-tools/capture', capture);
  }

  list(user: string): Promise<ToolCall> {
    return this.#call(user, 'GET', '/agent-tools/charges');
  }

  payout(user: string, payout: { amount: number }): Promise<ToolCall> {
    return this.#call(user, 'POST', '/agent-tools/payout', payout);
  }

  async #call(
    user: string,
    method: ToolCall['method'],
    path: string,
    sent?: object,
  ): Promise<ToolCall> {
    const answer = await fetch(new URL(path, this.url), {
      method,
      headers: {
        'x-user-id': user,
        'x-agent-run-id': this.runId,
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
    });
    const body = (await answer.json()) as ToolAnswer;
    return { user, method, path, sent, status: answer.status, answer: body };
  }
}
