import { connect } from 'node:net';
import { once } from 'node:events';
import { Injectable, Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AgentTool, ProxiedStripeService, VaultKeyModule } from '../../lib/index';
import type { VaultKeyModuleOptions } from '../../lib/index';
import { resolveVaultKeyOptions } from '../../lib/vault-key.resolved-options';

@Injectable()
class Tools {
  constructor(private readonly stripe: ProxiedStripeService) {}

  @AgentTool({ dailyUsdCap: 20, allowedEndpoints: ['/v1/payment_intents'] })
  charge(amount: number) {
    return this.stripe.createPaymentIntent({
      amount,
      paymentMethod: 'pm_card_visa',
      confirm: true,
    });
  }
}

describe('an application with `embedded: { offline: true }`', () => {
  it('charges a Stripe in its own process, up to the caps, and takes it down with it', async () => {
    const lines: string[] = [];
    const logged = jest
      .spyOn(Logger.prototype, 'log')
      .mockImplementation((line: string) => void lines.push(line));
    const module = await Test.createTestingModule({
      imports: [VaultKeyModule.forRoot({ embedded: { offline: true }, budgets: { user: 30 } })],
      providers: [Tools],
    }).compile();
    await module.init();
    logged.mockRestore();
    const [, url = ''] = /offline: calls go to (\S+),/.exec(lines.join('\n')) ?? [];
    const { hostname, port } = new URL(url);

    const tools = module.get(Tools);
    expect(await tools.charge(1_900)).toMatchObject({ amount: 1_900, status: 'succeeded' });
    await expect(tools.charge(2_100)).rejects.toMatchObject({ scope: 'key' });
    await expect(tools.charge(1_200)).rejects.toMatchObject({ scope: 'user' });

    await module.close();
    const socket = connect(Number(port), hostname);
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each<[string, VaultKeyModuleOptions | object, NodeJS.ProcessEnv, string]>([
    [
      'beside accounts',
      { embedded: { offline: true, vendors: { stripe: { secretKey: 'sk_test_1' } } } },
      {},
      'embedded.offline excludes vendors: keep the one that the application is to use',
    ],
    [
      'in production',
      { embedded: { offline: true } },
      { NODE_ENV: 'production' },
      'embedded.offline is for trying things out, and NODE_ENV is "production": no call would reach Stripe',
    ],
    ['as a word', { embedded: { offline: 'yes' } }, {}, 'embedded.offline must be true or false'],
  ])('does not start %s', (_where, options, environment, message) => {
    expect(() => resolveVaultKeyOptions(options, environment)).toThrow(message);
  });
});
