import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { StripeTestModeSettings } from '../settings';
import { OfflineStripe } from './offline-stripe';
import { StripeAccount } from './stripe-account';
import { StripeTestMode } from './stripe-test-mode';

@Module({})
export class StripeAccountModule {
  /** Stripe's test mode where its settings are given, else the offline Stripe. */
  static with(testMode: StripeTestModeSettings | undefined): DynamicModule {
    return {
      module: StripeAccountModule,
      providers: [
        {
          provide: StripeAccount,
          useFactory: () =>
            testMode === undefined ? OfflineStripe.start() : new StripeTestMode(testMode),
        },
      ],
      exports: [StripeAccount],
    };
  }
}
