import { once } from 'node:events';
import { AddressInfo } from 'node:net';
import { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AgentTool, CurrentVaultKey, VaultKeyModule } from 'nestjs-vault-key';
import { io, Socket } from 'socket.io-client';

@WebSocketGateway()
class AgentToolsGateway {
  constructor(private readonly vaultKeys: CurrentVaultKey) {}

  @SubscribeMessage('who-pays')
  @AgentTool({ dailyUsdCap: 5, allowedEndpoints: ['/v1/payment_intents'] })
  whoPays() {
    return this.vaultKeys.get().userId;
  }
}

describe('AgentToolsGateway', () => {
  let app: INestApplication;
  let socket: Socket;

  beforeAll(async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [
        VaultKeyModule.forRoot({
          embedded: { vendors: { stripe: { secretKey: 'sk_test_1' } }, store: 'sqlite::memory:' },
        }),
      ],
      providers: [AgentToolsGateway],
    }).compile();
    app = moduleRef.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    socket = io(`http://127.0.0.1:${port}`);
    await once(socket as never, 'connect');
  });

  afterAll(async () => {
    socket.close();
    await app.close();
  });

  it('runs its tools under a key', async () => {
    expect(await socket.timeout(5_000).emitWithAck('who-pays', {})).toBe('anon');
  });
});
