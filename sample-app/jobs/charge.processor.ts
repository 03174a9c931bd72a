import { Processor, WorkerHost } from '@nestjs/bullmq';
import { AgentTool } from 'nestjs-vault-key';
import type { Job } from 'bullmq';
import { MAY, Payments } from '../agent-tools/payments';

/** Of this run of the sample alone: others may use the same Redis. */
export const CHARGES = `sample-app-charges-${process.pid}-${Date.now()}`;

/** A charge to be made later. Its key is issued for whom and for which agent run the job names. */
export interface ChargeJob {
  userId: string;
  runId: string;
  amount: number;
  times: number;
}

/** The tool `charge` as a job: a key for each attempt. */
@Processor(CHARGES)
export class ChargeProcessor extends WorkerHost {
  constructor(private readonly payments: Payments) {
    super();
  }

  @AgentTool(MAY.charge)
  process({ data: { amount, times } }: Job<ChargeJob>) {
    return this.payments.charge({ amount, times, capture: true });
  }
}
