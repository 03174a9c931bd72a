import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { AgentTool, ProxiedStripeService, VaultKeyModule, VaultKeyService } from '../../lib/index';
import { VaultKeyTestingModule } from '../../lib/testing/index';
import { brokerOf } from '../support/broker-of';

const COMPUTED = 12.34 * 1.2;
const allowedEndpoints = ['/v1/charges'];

@Injectable()
class Tools {
  @AgentTool({ dailyUsdCap: COMPUTED, allowedEndpoints })
  async marked() {}

  @AgentTool({ dailyUsdCap: () => COMPUTED, allowedEndpoints })
  async computed() {}

  @AgentTool({ dailyUsdCap: () => Number.NaN, allowedEndpoints })
  async broken() {}
}

describe('a cap that is computed', () => {
  let module: TestingModule;

  beforeEach(async () => {
    module = await Test.createTestingModule({
      imports: [VaultKeyTestingModule.forRoot({ budgets: { user: COMPUTED } })],
      providers: [Tools],
    }).compile();
    await module.init();
  });
  afterEach(() => module.close());

  it.each<[string, () => Promise<unknown>]>([
    ['in a mark', () => module.get(Tools).marked()],
    ['in a function', () => module.get(Tools).computed()],
    [
      'in run()',
      () =>
        module
          .get(VaultKeyService)
          .run({ dailyUsdCap: COMPUTED, allowedEndpoints }, () => undefined),
    ],
    [
      'in issue()',
      () => module.get(VaultKeyService).issue({ dailyUsdCap: COMPUTED, allowedEndpoints }),
    ],
  ])('%s is rounded down to the cent', async (_where, work) => {
    expect(COMPUTED).not.toBe(14.8);
    await work();
    const { keys } = await brokerOf(module).keys();
    expect(keys).toMatchObject([{ daily_usd_cap: 14.8 }]);
  });

  it('and is no number runs nothing', async () => {
    await expect(module.get(Tools).broken()).rejects.toMatchObject({ status: 503 });
    expect((await brokerOf(module).keys()).keys).toEqual([]);
  });
});

describe('a broker below a path', () => {
  let server: Server;
  const seen: string[] = [];

  beforeEach(async () => {
    seen.length = 0;
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      request.resume();
      const issued = { id: 'vk_1', token: 'vault_key_1' };
      const isIssue = request.url?.endsWith('/v1/keys') === true;
      response.writeHead(isIssue ? 201 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(isIssue ? issued : { object: 'list', data: [] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('has its keys and its vendor calls there, and no token elsewhere', async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/vault/`;
    const module = await Test.createTestingModule({
      // What a server echoes of an issue is another matter: Keybrake's dialect asks for nothing.
      imports: [VaultKeyModule.forRoot({ broker: { url, token: 'mgmt', dialect: 'keybrake' } })],
    }).compile();
    await module.init();
    try {
      await module
        .get(VaultKeyService)
        .run({ dailyUsdCap: 5, allowedEndpoints }, () =>
          module.get(ProxiedStripeService).listCharges(),
        );
    } finally {
      await module.close();
    }
    expect(seen).toEqual([
      'POST /vault/v1/keys Bearer mgmt',
      'GET /vault/stripe/v1/charges Bearer vault_key_1',
      'DELETE /vault/v1/keys/vk_1 Bearer mgmt',
    ]);
  });
});
