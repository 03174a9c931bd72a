import { Module } from '@nestjs/common';
import { BullModule, getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import { NestFactory } from '@nestjs/core';
import { QueueEvents } from 'bullmq';
import type { Job, Queue } from 'bullmq';
import { AgentTool, VaultKeyModule } from '../../../lib/index';
import { RedisServer, redisInstalled } from '../../support/redis-server';
import { InProcessHost, watchLog } from './tool-host';
import { POLICY, ToolWork, ToolWorkModule } from './tool-work';
import type { ToolArgs } from './tool-work';
import type { Caller, ToolName, TransportUnderTest } from './transport-under-test';

/** What a job of these queues is given: the tool's arguments, and for whom it works. */
export interface ToolJobData {
  args: ToolArgs;
  userId?: string | undefined;
  runId?: string | undefined;
}

type ToolJob = Job<ToolJobData, unknown, ToolName>;

export const MARKED_QUEUE = 'agent-tools';
const UNMARKED_QUEUE = 'unmarked-tools';

@Processor(MARKED_QUEUE, { concurrency: 100 })
export class QueueTools extends WorkerHost {
  constructor(private readonly work: ToolWork) {
    super();
  }

  /** Takes the signal, so that its worker can be told to cancel a job. */
  @AgentTool(POLICY)
  async process({ name, data }: ToolJob, _token?: string, _signal?: AbortSignal): Promise<unknown> {
    return this.work[name](data.args);
  }
}

@Processor(UNMARKED_QUEUE)
class UnmarkedTools extends WorkerHost {
  constructor(private readonly work: ToolWork) {
    super();
  }

  async process({ name, data }: ToolJob): Promise<unknown> {
    return this.work[name](data.args);
  }
}

/** The data of a job that a caller adds. */
export function jobDataOf(args: ToolArgs, { user, run }: Caller): ToolJobData {
  return { args, userId: user, runId: run };
}

export const bullmq: TransportUnderTest = {
  name: 'BullMQ',
  available: redisInstalled,
  refusals: 'message',
  label: 'bullmq',
  toolName: () => 'QueueTools.process',
  async start(options) {
    const redis = await RedisServer.start();
    const connection = { host: redis.host, port: redis.port };

    @Module({
      imports: [
        VaultKeyModule.forRoot(options),
        ToolWorkModule,
        BullModule.forRoot({ connection }),
        BullModule.registerQueue({ name: MARKED_QUEUE }, { name: UNMARKED_QUEUE }),
      ],
      providers: [QueueTools, UnmarkedTools],
    })
    class AppModule {}

    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    watchLog(app);
    const queues = await Promise.all(
      [MARKED_QUEUE, UNMARKED_QUEUE].map(async (name) => {
        const queue = app.get<Queue<ToolJobData, unknown, ToolName>>(getQueueToken(name), {
          strict: false,
        });
        const events = new QueueEvents(name, { connection });
        await events.waitUntilReady();
        // Every job that is waited for listens.
        queue.setMaxListeners(0);
        events.setMaxListeners(0);
        return { queue, events };
      }),
    );

    return {
      host: new InProcessHost(app),
      async call(tool, args, caller) {
        const { queue, events } = queues[tool.endsWith('Unmarked') ? 1 : 0]!;
        const job = await queue.add(tool, jobDataOf(args, caller));
        try {
          return { result: await job.waitUntilFinished(events) };
        } catch (error) {
          return { error };
        }
      },
      async callAndLeave(tool, args, caller) {
        const { id = '' } = await queues[0]!.queue.add(tool, jobDataOf(args, caller));
        return {
          async leave() {
            if (!app.get(QueueTools).worker.cancelJob(id)) throw new Error(`${id} is not at work.`);
          },
        };
      },
      async close() {
        for (const { events } of queues) await events.close();
        await app.close();
        await redis.close();
      },
    };
  },
};
