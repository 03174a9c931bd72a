import { Body, Controller, Injectable, Module, Post } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AgentTool,
  ProxiedStripeService,
  VaultKeyException,
  VaultKeyModule,
} from '../../lib/index';
import type { AgentToolContext, VaultKeyModuleOptions } from '../../lib/index';
import { answerParent } from '../support/program';
import type { Charge, Told } from './plan';
import { Probe } from './probe';

const ENDPOINTS = ['/v1/payment_intents'];
/** More than any of its charges costs: what is above it decides. */
const AMPLE_USD = 10_000;
const KEEP_ALIVE_MS = 600_000;

/** What one invocation is asked for. */
export interface Work {
  capUsd: number;
  /** All at once, or one after the other. */
  together: boolean;
  charges: Charge[];
}

@Injectable()
class Payments {
  constructor(private readonly stripe: ProxiedStripeService) {}

  async pay({ operation, amount, currency, paymentMethod }: Charge): Promise<Told> {
    try {
      await this.stripe.createPaymentIntent(
        { amount, currency, paymentMethod, confirm: true, metadata: { operation } },
        { idempotencyKey: operation },
      );
      return { operation, status: 200 };
    } catch (error) {
      return refusalOf(operation, error);
    }
  }

  /** An invocation inside that of its caller: the cap of that one is over it too. */
  @AgentTool({ tool: 'desk.part', dailyUsdCap: AMPLE_USD, allowedEndpoints: ENDPOINTS })
  part(charge: Charge): Promise<Told> {
    return this.pay(charge);
  }
}

@Controller('desk')
class Desk {
  constructor(private readonly payments: Payments) {}

  @Post('charges')
  @AgentTool({ tool: 'desk.charges', dailyUsdCap: askedCap, allowedEndpoints: ENDPOINTS })
  charges(@Body() work: Work): Promise<Told[]> {
    return each(work, (charge) => this.payments.pay(charge));
  }

  @Post('parts')
  @AgentTool({ tool: 'desk.parts', dailyUsdCap: askedCap, allowedEndpoints: ENDPOINTS })
  parts(@Body() work: Work): Promise<Told[]> {
    return each(work, (charge) =>
      this.payments
        .part(charge)
        .catch((error: unknown): Told => refusalOf(charge.operation, error)),
    );
  }
}

function refusalOf(operation: string, error: unknown): Told {
  const refusal = VaultKeyException.from(error);
  if (refusal === undefined) throw error;
  return { operation, status: refusal.getStatus(), body: refusal.getResponse() };
}

async function each(
  { charges, together }: Work,
  pay: (charge: Charge) => Promise<Told>,
): Promise<Told[]> {
  if (together) return Promise.all(charges.map(pay));
  const told: Told[] = [];
  for (const charge of charges) told.push(await pay(charge));
  return told;
}

function askedCap({ execution }: AgentToolContext): number {
  return execution?.switchToHttp().getRequest<{ body: Work }>().body.capUsd ?? 0;
}

function identify(context: ExecutionContext): { tenantId?: string; userId?: string } {
  const { headers } = context
    .switchToHttp()
    .getRequest<{ headers: Record<string, string | undefined> }>();
  const { 'x-tenant': tenantId, 'x-user': userId } = headers;
  return {
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(userId === undefined ? {} : { userId }),
  };
}

async function main(): Promise<void> {
  const options = JSON.parse(process.env['MODULE_OPTIONS'] ?? '{}') as VaultKeyModuleOptions;
  @Module({
    imports: [VaultKeyModule.forRoot({ ...options, identify })],
    controllers: [Desk],
    providers: [Payments],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, {
    forceCloseConnections: true,
    logger: ['error', 'warn', 'fatal'],
  });
  app.enableShutdownHooks();
  // Longer than any of its clients is busy with something else: none meets a connection just being closed.
  app.getHttpServer().keepAliveTimeout = KEEP_ALIVE_MS;
  await app.listen(0, '127.0.0.1');
  const probe = new Probe(app, options);
  answerParent(await app.getUrl(), {
    probe: (given: Parameters<Probe['run']>[0]) => probe.run(given),
    stop: (given: Parameters<Probe['stop']>[0]) => probe.stop(given),
  });
}

void main();
