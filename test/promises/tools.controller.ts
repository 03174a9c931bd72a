import { Readable, pipeline } from 'node:stream';
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Header,
  Injectable,
  Module,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Res,
  Sse,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import type {
  CallHandler,
  CanActivate,
  ExecutionContext,
  MessageEvent,
  NestInterceptor,
} from '@nestjs/common';
import { Observable, retry, timeout } from 'rxjs';
import { AgentTool, CurrentVaultKey, ProxiedStripeService, VaultKeyService } from '../../lib/index';
import type { VaultKey } from '../../lib/index';
import { Gates } from '../support/gates';
import { SecretWatch } from '../support/secret-watch';

const CHARGES = {
  dailyUsdCap: 100,
  allowedEndpoints: ['/v1/payment_intents', '/v1/payment_intents/*', '/v1/charges'],
};

export interface ChargeBody {
  amount?: number;
  count?: number;
  gate?: string;
  currency?: string;
}

/** Takes the user from a header, as an authentication guard would from a session. */
@Injectable()
class UserGuard implements CanActivate {
  constructor(private readonly gates: Gates) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<{
      headers: Record<string, string | undefined>;
      user?: { id: string };
    }>();
    const { 'x-user': user, 'x-gate-guard': gate, 'x-refuse': refuse } = request.headers;
    if (user !== undefined) request.user = { id: user };
    if (gate !== undefined) await this.gates.gate(gate).pass();
    return refuse === undefined;
  }
}

/** In the root module, and so registered first, it stands around the package's own. */
@Injectable()
export class OuterInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { headers } = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string | undefined> }>();
    if (headers['x-timeout'] !== undefined) {
      return next.handle().pipe(timeout(Number(headers['x-timeout'])));
    }
    if (headers['x-retry'] !== undefined) {
      return next.handle().pipe(retry(Number(headers['x-retry'])));
    }
    return next.handle();
  }
}

@Controller('tools')
@UseGuards(UserGuard)
export class ToolsController {
  /** What handlers ran, by run id. */
  readonly ran = new Map<string, number>();
  /** What calls that were left behind came to, by run id. */
  readonly leftBehind = new Map<string, Promise<unknown>>();

  constructor(
    private readonly stripe: ProxiedStripeService,
    private readonly vaultKeys: CurrentVaultKey,
    private readonly service: VaultKeyService,
    private readonly gates: Gates,
    private readonly watch: SecretWatch,
  ) {}

  @Post('charge')
  @AgentTool(CHARGES)
  async charge(@Body() { amount = 100, gate, currency }: ChargeBody) {
    const key = this.begin();
    if (gate !== undefined) await this.gates.gate(gate).pass();
    const intent = await this.stripe.createPaymentIntent({
      amount,
      ...(currency === undefined ? {} : { currency }),
      metadata: { user: key.userId, run: key.runId, key: key.id },
    });
    return { intent: intent.id, key: key.id, sameKey: this.vaultKeys.get().id === key.id };
  }

  @Post('remaining')
  @AgentTool(CHARGES)
  async remaining(@Body() { amount = 100 }: ChargeBody) {
    const key = this.begin();
    await this.stripe.createPaymentIntent({ amount, metadata: { run: key.runId } });
    return this.vaultKeys.remaining();
  }

  @Post('charges')
  @AgentTool({ ...CHARGES, dailyUsdCap: 37 })
  async charges(@Body() { amount = 100, count = 1 }: ChargeBody) {
    const key = this.begin();
    const settled = await Promise.allSettled(
      Array.from({ length: count }, () =>
        this.stripe.createPaymentIntent({ amount, metadata: { run: key.runId } }),
      ),
    );
    for (const result of settled) if (result.status === 'rejected') this.watch.show(result.reason);
    return {
      charged: settled.filter(({ status }) => status === 'fulfilled').length,
      refused: settled.flatMap((result) =>
        result.status === 'rejected' ? [(result.reason as Error).name] : [],
      ),
    };
  }

  @Post('two')
  @AgentTool({ ...CHARGES, dailyUsdCap: 15 })
  async two(@Body() { amount = 1000 }: ChargeBody) {
    const key = this.begin();
    await this.stripe.createPaymentIntent({ amount, metadata: { run: key.runId, key: key.id } });
    await this.stripe.createPaymentIntent({ amount, metadata: { run: key.runId, key: key.id } });
  }

  @Post('payout')
  @AgentTool(CHARGES)
  async payout() {
    this.begin();
    await this.stripe.request('POST', '/v1/payouts', { amount: 100, currency: 'usd' });
  }

  @Post('declined')
  @AgentTool(CHARGES)
  async declined() {
    this.begin();
    await this.stripe.createPaymentIntent({
      amount: 100,
      confirm: true,
      paymentMethod: 'pm_card_chargeDeclined',
    });
  }

  @Post('throws')
  @AgentTool(CHARGES)
  throws(): never {
    this.begin();
    throw new BadRequestException('the handler threw');
  }

  @Post('fails-once')
  @AgentTool(CHARGES)
  async failsOnce() {
    const key = this.begin();
    if (this.ran.get(key.runId) === 1) throw new Error(key.id);
    return this.stripe.createPaymentIntent({ amount: 100, metadata: { run: key.runId } });
  }

  @Post('piped/:count')
  @AgentTool(CHARGES)
  piped(@Param('count', ParseIntPipe) count: number) {
    this.begin();
    return { count };
  }

  @Post('left-behind')
  @AgentTool(CHARGES)
  leaveBehind(@Body() { gate = '' }: ChargeBody) {
    const { runId } = this.begin();
    const later = this.gates
      .gate(gate)
      .pass()
      .then(() => this.stripe.createPaymentIntent({ amount: 100, metadata: { run: runId } }))
      .catch((error: unknown) => error);
    this.leftBehind.set(runId, later);
    return { runId };
  }

  @Post('inner')
  @AgentTool({ ...CHARGES, dailyUsdCap: 5 })
  async inner() {
    const outer = this.begin();
    const inner = await this.service.run({ ...CHARGES, dailyUsdCap: 50 }, async () => {
      const key = this.vaultKeys.get();
      this.watch.addSecret(key.token);
      await this.stripe.createPaymentIntent({ amount: 300, metadata: { run: outer.runId } });
      return key;
    });
    const after = this.vaultKeys.get();
    const error: unknown = await this.stripe
      .createPaymentIntent({ amount: 300, metadata: { run: outer.runId } })
      .catch((reason: unknown) => reason);
    this.watch.show(error);
    return { outer: outer.id, inner: inner.id, after: after.id, second: (error as Error).name };
  }

  @Sse('events')
  @AgentTool(CHARGES)
  events(@Query('gate') gate: string): Observable<MessageEvent> {
    const key = this.begin();
    return new Observable((subscriber) => {
      const play = async (): Promise<void> => {
        subscriber.next({ data: { key: key.id } });
        await this.gates.gate(gate).pass();
        const intent = await this.stripe.createPaymentIntent({
          amount: 100,
          metadata: { run: key.runId },
        });
        subscriber.next({ data: { intent: intent.id } });
        subscriber.complete();
      };
      play().catch((error: unknown) => subscriber.error(error));
    });
  }

  @Get('generator')
  @AgentTool(CHARGES)
  generator(@Query('gate') gate: string): AsyncGenerator<string> {
    this.begin();
    return this.chunks(gate);
  }

  @Get('file')
  @Header('content-type', 'text/plain')
  @AgentTool(CHARGES)
  file(@Query('gate') gate: string): StreamableFile {
    this.begin();
    return new StreamableFile(Readable.from(this.chunks(gate), { objectMode: false }));
  }

  @Get('web')
  @AgentTool(CHARGES)
  web(@Query('gate') gate: string): Response {
    this.begin();
    const chunks = this.chunks(gate);
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await chunks.next();
          if (done === true) controller.close();
          else controller.enqueue(Buffer.from(value));
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body);
  }

  @Get('manual')
  @AgentTool(CHARGES)
  manual(
    @Query('gate') gate: string,
    @Res() response: { raw?: NodeJS.WritableStream } & NodeJS.WritableStream,
  ): void {
    this.begin();
    pipeline(Readable.from(this.chunks(gate)), response.raw ?? response, () => {});
  }

  @Get('unmarked')
  async unmarked() {
    const error: unknown = await this.stripe
      .createPaymentIntent({ amount: 100 })
      .catch((reason: unknown) => reason);
    this.watch.show(error);
    return { key: this.vaultKeys.tryGet() ?? null, error: (error as Error).name };
  }

  private begin(): VaultKey {
    const key = this.vaultKeys.get();
    this.watch.addSecret(key.token);
    this.watch.show(key);
    this.ran.set(key.runId, (this.ran.get(key.runId) ?? 0) + 1);
    return key;
  }

  /** Two chunks with a gate between them; the second comes from a charge. */
  private async *chunks(gate: string): AsyncGenerator<string> {
    yield `${this.vaultKeys.get().id}\n`;
    await this.gates.gate(gate).pass();
    const { runId } = this.vaultKeys.get();
    const { id } = await this.stripe.createPaymentIntent({ amount: 100, metadata: { run: runId } });
    yield `${id}\n`;
  }
}

@Module({
  controllers: [ToolsController],
  providers: [
    { provide: Gates, useFactory: () => new Gates() },
    { provide: SecretWatch, useFactory: () => new SecretWatch() },
  ],
})
export class ToolsModule {}
