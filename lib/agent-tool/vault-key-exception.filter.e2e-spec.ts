import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Controller, Get, Module, Res, StreamableFile } from '@nestjs/common';
import type { ArgumentsHost, INestApplication } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { lastValueFrom } from 'rxjs';
import type { Observable } from 'rxjs';
import { SpendCapExceededException } from '../exceptions/spend-cap-exceeded.exception';
import { VaultKeyExceptionFilter } from './vault-key-exception.filter';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { VendorRateLimitedException } from '../exceptions/vendor-rate-limited.exception';

@Controller()
class RefusedController {
  @Get('cap')
  cap(): never {
    throw new SpendCapExceededException({ cap: 5, spent: 5, remaining: 0 });
  }

  @Get('rate')
  rate(): never {
    throw new VendorRateLimitedException({ vendor: 'stripe', retryAfter: 3 });
  }

  @Get('unavailable')
  unavailable(): never {
    throw new VaultKeyUnavailableException({ message: 'Not now.', retryAfter: 1 });
  }

  @Get('begun')
  begun(@Res() response: { raw?: IncomingMessage; write?: unknown }): never {
    const raw = (response.raw ?? response) as unknown as NodeJS.WritableStream & {
      flushHeaders(): void;
    };
    raw.flushHeaders();
    raw.write('begun');
    throw new SpendCapExceededException();
  }

  @Get('taken-over')
  takenOver(@Res() response: { hijack?: () => void }): never {
    response.hijack?.();
    throw new SpendCapExceededException();
  }

  @Get('fine')
  fine(): StreamableFile {
    return new StreamableFile(Buffer.from('fine'));
  }
}

@Module({
  controllers: [RefusedController],
  providers: [{ provide: APP_FILTER, useClass: VaultKeyExceptionFilter }],
})
class RefusedModule {}

describe.each<[string, () => AbstractHttpAdapter]>([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('the filter on %s', (_name, adapter) => {
  let app: INestApplication;

  beforeAll(async () => {
    const module = await Test.createTestingModule({ imports: [RefusedModule] }).compile();
    app = module.createNestApplication(adapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
  });

  afterAll(() => app.close());

  async function get(path: string): Promise<IncomingMessage & { text: string }> {
    const outgoing = request(`${await app.getUrl()}${path}`, { agent: false }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return Object.assign(response, { text: await text(response) });
  }

  it('answers with the status and body of the exception, to be stored nowhere', async () => {
    const response = await get('/cap');

    expect(response.statusCode).toBe(402);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.headers['content-type']).toContain('application/json');
    expect(response.headers).not.toHaveProperty('retry-after');
    expect(JSON.parse(response.text)).toEqual({
      error: 'spend_cap_exceeded',
      message: expect.stringContaining('The spend cap of $5 of this invocation') as string,
      retryable: false,
      scope: 'key',
      cap: 5,
      spent: 5,
      remaining: 0,
    });
  });

  it.each([
    ['/rate', 429, '3'],
    ['/unavailable', 503, '1'],
  ])('says at %s how long to wait', async (path, status, retryAfter) => {
    const response = await get(path);

    expect(response.statusCode).toBe(status);
    expect(response.headers['retry-after']).toBe(retryAfter);
  });

  it('answers where the handler took the response over and has not begun', async () => {
    const response = await get('/taken-over');

    expect(response.statusCode).toBe(402);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(JSON.parse(response.text)).toMatchObject({ error: 'spend_cap_exceeded' });
  });

  it('ends an answer that has begun, and does no more', async () => {
    const response = await get('/begun');

    expect(response.statusCode).toBe(200);
    expect(response.text).toBe('begun');
    expect((await get('/fine')).text).toBe('fine');
  });
});

describe('the filter off HTTP', () => {
  const filter = new VaultKeyExceptionFilter(new HttpAdapterHost());
  const exception = new SpendCapExceededException({ cap: 5, spent: 4, remaining: 1 });
  const body = exception.getResponse();

  function hostOf(type: string, ...args: unknown[]): ArgumentsHost {
    const host = new ExecutionContextHost(args);
    host.setType(type);
    return host;
  }

  it('answers microservices with the body, as an RpcException made of it', async () => {
    const result = filter.catch(exception, hostOf('rpc')) as Observable<never>;

    await expect(lastValueFrom(result)).rejects.toEqual(body);
  });

  it('tells a socket.io client by the event "exception", with the message it was about', () => {
    const client = { emit: jest.fn(), send: jest.fn() };
    filter.catch(
      exception,
      hostOf('ws', client, { amount: 1 }, () => {}, 'charge'),
    );

    const cause = { pattern: 'charge', data: { amount: 1 } };
    expect(client.emit.mock.calls).toEqual([['exception', { ...body, cause }]]);
    expect(client.send).not.toHaveBeenCalled();
  });

  it('sends a native WebSocket client the same as text', () => {
    const client = { readyState: 1, emit: jest.fn(), send: jest.fn() };
    filter.catch(exception, hostOf('ws', client, { amount: 1 }, 'charge'));

    const cause = { pattern: 'charge', data: { amount: 1 } };
    expect(client.send.mock.calls).toEqual([
      [JSON.stringify({ event: 'exception', data: { ...body, cause } })],
    ]);
    expect(client.emit).not.toHaveBeenCalled();
  });

  it.each(['graphql', 'pigeon'])('throws it on over %s', (type) => {
    expect(() => filter.catch(exception, hostOf(type))).toThrow(exception);
  });

  it('the exception itself tells GraphQL its code and the rest of its body', () => {
    const { error: code, message: _message, ...rest } = body;

    expect(exception.extensions).toEqual({ ...rest, code });
  });
});
