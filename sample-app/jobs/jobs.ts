import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { Job, Queue, QueueEvents } from 'bullmq';
import type { ToolAnswer, ToolCall } from '../demo/agent';
import { CHARGES } from './charge.processor';
import type { ChargeJob } from './charge.processor';

const ATTEMPTS = 5;
const PATIENCE_MS = 10_000;

/** What became of a job, told as a call of a tool is. */
export interface FinishedJob extends ToolCall {
  attempts: number;
}

type Ending = Pick<ToolCall, 'status' | 'answer'>;

/** The queue, as who adds jobs to it sees it. */
@Injectable()
export class Jobs {
  constructor(@InjectQueue(CHARGES) private readonly queue: Queue<ChargeJob>) {}

  /** Adds a job that may be tried five times, and waits for its end. */
  async charge(data: ChargeJob): Promise<FinishedJob> {
    const events = new QueueEvents(CHARGES, { connection: this.queue.opts.connection });
    try {
      await events.waitUntilReady();
      const job = await this.queue.add('charge', data, { attempts: ATTEMPTS });
      const call = { user: data.userId, method: 'job', path: 'charge', sent: data } as const;
      const ended = await job.waitUntilFinished(events, PATIENCE_MS).then(
        (answer: ToolAnswer): Ending => ({ status: 'completed', answer }),
        (error: Error): Ending => ({ status: 'failed', answer: { text: [error.message] } }),
      );
      const stored = await Job.fromId(this.queue, job.id ?? '');
      return { ...call, ...ended, attempts: stored?.attemptsMade ?? 0 };
    } finally {
      await events.close();
    }
  }

  /** Leaves nothing in the Redis it was lent. */
  async clear(): Promise<void> {
    await this.queue.obliterate({ force: true });
  }
}
