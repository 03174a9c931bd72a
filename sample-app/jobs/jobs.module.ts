import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { Payments } from '../agent-tools/payments';
import { CHARGES, ChargeProcessor } from './charge.processor';
import { Jobs } from './jobs';

export { Jobs };

/** Loaded only where there is a Redis: an application without jobs needs no bullmq. */
@Module({ providers: [Payments, ChargeProcessor, Jobs] })
export class JobsModule {
  static on(url: string): DynamicModule {
    return {
      module: JobsModule,
      imports: [
        BullModule.forRoot({ connection: { url } }),
        BullModule.registerQueue({ name: CHARGES }),
      ],
    };
  }
}
