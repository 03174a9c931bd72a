import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { VaultKeyModule } from '../vault-key.module';
import { CurrentVaultKey } from '../vault-key/current-vault-key';
import type { VaultKey } from '../vault-key/vault-key';
import { RevocationQueue } from '../vault-key/revocation-queue';
import { AgentTool } from './agent-tool.decorator';

describe('a generator that nobody reads to its end', () => {
  it('is at work until its key has expired, and no longer', async () => {
    @Injectable()
    class Reports {
      constructor(private readonly vaultKeys: CurrentVaultKey) {}

      @AgentTool({ dailyUsdCap: 5, allowedEndpoints: ['/v1/charges'], expiresIn: '1s' })
      async *lines(): AsyncGenerator<VaultKey> {
        for (;;) yield this.vaultKeys.get();
      }
    }
    const module = await Test.createTestingModule({
      imports: [
        VaultKeyModule.forRoot({
          embedded: { vendors: { stripe: { secretKey: 'sk_test_1' } }, store: 'sqlite::memory:' },
        }),
      ],
      providers: [Reports],
    }).compile();
    await module.init();
    const queue = module.get(RevocationQueue);
    const invocationEnded = queue.invocationEnded.bind(queue);
    const over = new Promise<void>((resolve) => {
      queue.invocationEnded = () => resolve(invocationEnded());
    });

    const { value: key } = (await module.get(Reports).lines().next()) as { value: VaultKey };

    expect(key.ended).toBe(false);
    expect(queue.activeInvocations).toBe(1);
    await over;
    expect(queue.activeInvocations).toBe(0);
    expect(key.ended).toBe(true);
    await module.close();
  });
});
