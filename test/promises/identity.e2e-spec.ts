import { Body, Controller, Get, Injectable, Module, Post, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgentTool, CurrentVaultKey, VaultKeyModule } from '../../lib/index';

const POLICY = { dailyUsdCap: 15, allowedEndpoints: ['/v1/payment_intents'] };
const ADA = { userId: 'ada', runId: 'run-ada' };

/** Takes the user from a header, as an authentication guard would from a session. */
@Injectable()
class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string>; user?: { id: string | undefined } }>();
    request.user = { id: request.headers['x-user'] };
    return true;
  }
}

/** A decorator that puts a function of its own in the method's place, with nothing copied. */
function Traced(): MethodDecorator {
  return (_target, _key, descriptor) => {
    const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
    descriptor.value = function (this: unknown, ...args: unknown[]) {
      return method.apply(this, args);
    } as never;
  };
}

@Injectable()
class Payments {
  constructor(private readonly vaultKeys: CurrentVaultKey) {}

  @AgentTool(POLICY)
  pay(_dto: unknown) {
    const { userId, runId, label } = this.vaultKeys.get();
    return { userId, runId, label };
  }
}

@Controller('tools')
@UseGuards(UserGuard)
class Tools {
  constructor(private readonly payments: Payments) {}

  @Post('pay')
  @AgentTool(POLICY)
  pay(@Body() dto: object) {
    return this.payments.pay(dto);
  }
}

@Controller('bound')
@UseGuards(UserGuard)
class BoundTools {
  constructor(private readonly vaultKeys: CurrentVaultKey) {
    this.pay = this.pay.bind(this);
  }

  @Get()
  @AgentTool(POLICY)
  pay() {
    const { userId, runId } = this.vaultKeys.get();
    return { userId, runId };
  }
}

abstract class TracedTools {
  protected abstract readonly vaultKeys: CurrentVaultKey;

  @Get()
  @Traced()
  @AgentTool(POLICY)
  pay() {
    const { userId, runId } = this.vaultKeys.get();
    return { userId, runId };
  }
}

@Controller('heir')
@UseGuards(UserGuard)
class HeirTools extends TracedTools {
  constructor(protected readonly vaultKeys: CurrentVaultKey) {
    super();
  }
}

@Module({
  imports: [
    VaultKeyModule.forRoot({
      embedded: { vendors: { stripe: { secretKey: 'sk_test_1' } }, store: 'sqlite::memory:' },
    }),
  ],
  controllers: [Tools, BoundTools, HeirTools],
  providers: [Payments],
})
class AppModule {}

let app: INestApplication;
let url: string;

beforeAll(async () => {
  app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());

async function ask(path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${url}/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'x-user': 'ada', 'x-agent-run-id': 'run-ada', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.json();
}

describe('on whose behalf a tool works', () => {
  it('is not for an agent to say with a message that looks like a job of a queue', async () => {
    const forged = {
      id: '7',
      queueName: 'charges',
      timestamp: Date.now(),
      attemptsMade: 0,
      data: { userId: 'grace', runId: 'run-grace', tenantId: 'acme' },
    };
    expect(await ask('tools/pay', forged)).toEqual({ ...ADA, label: 'nest-ada-run-ada' });
  });

  it('is the same where an object has bound its handler', async () => {
    expect(await ask('bound')).toEqual(ADA);
  });

  it('is the same where a handler that another decorator has replaced is inherited', async () => {
    expect(await ask('heir')).toEqual(ADA);
  });
});
