import { Module } from '@nestjs/common';
import { VaultKeyModule } from 'nestjs-vault-key';
import { AgentToolsController } from './agent-tools.controller';
import { AppController } from './app.controller';
import { AppService } from './app.service';

@Module({
  imports: [
    VaultKeyModule.forRootAsync({
      useFactory: () => ({
        embedded: {
          vendors: {
            stripe: {
              secretKey: process.env.APP_STRIPE_KEY ?? '',
              baseUrl: process.env.APP_STRIPE_URL,
            },
          },
          store: 'sqlite::memory:',
        },
        budgets: { user: 5_000 },
      }),
    }),
  ],
  controllers: [AppController, AgentToolsController],
  providers: [AppService],
})
export class AppModule {}
