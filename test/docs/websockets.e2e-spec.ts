import type { INestApplication, Type } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { VaultKeyTestingModule } from '../../lib/testing/index';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, CLIENT, FILES, GATEWAY, PAGE } from './given/websockets';
import { brokerOf } from '../support/broker-of';

checkBlocks(PAGE, BLOCKS);

describe('the gateway', () => {
  const { charge } = blockWith(PAGE, CLIENT).run(['charge']) as {
    charge: (socket: Socket, amount: number) => Promise<unknown>;
  };
  let app: INestApplication;
  let socket: Socket;

  beforeAll(async () => {
    const { PaymentGateway, Sessions } = blockWith(PAGE, GATEWAY).run(
      ['PaymentGateway', 'Sessions'],
      { files: FILES },
    ) as Record<string, Type>;
    const module = await Test.createTestingModule({
      imports: [VaultKeyTestingModule.forRoot()],
      providers: [PaymentGateway!, Sessions!],
    }).compile();
    app = module.createNestApplication();
    app.useWebSocketAdapter(new IoAdapter(app));
    await app.listen(0, '127.0.0.1');
    socket = io(await app.getUrl(), {
      transports: ['websocket'],
      auth: { session: 'session-of-ada', runId: 'run-1' },
    });
  });

  afterAll(async () => {
    socket.disconnect();
    await app.close();
  });

  it('charges for the user of the connection, in its agent run', async () => {
    expect(await charge(socket, 1250)).toMatchObject({ amount: 1250 });
    expect((await brokerOf(app).keys()).keys).toMatchObject([
      {
        label: 'nest-ada-run-1',
        subject: { tool: 'PaymentGateway.charge' },
        spent_usd: 12.5,
      },
    ]);
  });

  it('tells a refusal, and the message it was about', async () => {
    await expect(charge(socket, 50_001)).rejects.toMatchObject({
      error: 'spend_cap_exceeded',
      retryable: false,
      cause: { pattern: 'charge', data: { amount: 50_001 } },
    });
  });
});
