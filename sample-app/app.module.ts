import { Module, ValidationPipe } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { VaultKeyModule } from 'nestjs-vault-key';
import { RemainingSpendTool } from 'nestjs-vault-key/mcp';
import { AgentToolsController } from './agent-tools/agent-tools.controller';
import { Payments } from './agent-tools/payments';
import { McpEndpoint } from './mcp/mcp-server';
import { McpTools } from './mcp/mcp-tools';
import type { Settings } from './settings';
import { StripeAccount } from './stripe-account/stripe-account';
import { StripeAccountModule } from './stripe-account/stripe-account.module';

/** What an agent's run may spend in all, in US dollars. */
export const RUN_BUDGET_USD = 300;

@Module({
  controllers: [AgentToolsController, McpTools, RemainingSpendTool, McpEndpoint],
  providers: [
    Payments,
    {
      provide: APP_PIPE,
      useValue: new ValidationPipe({
        transform: true,
        whitelist: true,
        forbidNonWhitelisted: true,
      }),
    },
  ],
})
export class AppModule {
  static with({ store, auditKey, stripe }: Settings, ...jobs: DynamicModule[]): DynamicModule {
    const stripeAccount = StripeAccountModule.with(stripe);
    return {
      module: AppModule,
      imports: [
        stripeAccount,
        // The broker in this process: it alone knows the account's secret.
        VaultKeyModule.forRootAsync({
          imports: [stripeAccount],
          inject: [StripeAccount],
          useFactory: ({ secretKey, baseUrl }: StripeAccount) => ({
            embedded: {
              vendors: { stripe: { secretKey, baseUrl } },
              store,
              ...(auditKey === undefined ? {} : { auditKey }),
            },
            // A key for each call would give an agent a fresh cap at each: this one is of them all.
            budgets: { run: RUN_BUDGET_USD },
          }),
        }),
        ...jobs,
      ],
    };
  }
}
