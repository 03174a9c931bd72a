import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Settings } from '../settings';
import type { StripeAccount } from '../stripe-account/stripe-account';

/** An instance of the sample in another process. */
export class OtherProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** @throws Error where it does not start; it has said why. */
  static async start(
    { store, auditKey = '' }: Settings,
    { secretKey, baseUrl = '' }: StripeAccount,
  ): Promise<OtherProcess> {
    const child = fork(join(__dirname, 'second-instance.js'), [], {
      env: {
        PATH: process.env['PATH'] ?? '',
        SAMPLE_STORE: store,
        SAMPLE_AUDIT_KEY: auditKey,
        SAMPLE_STRIPE_SECRET_KEY: secretKey,
        SAMPLE_STRIPE_BASE_URL: baseUrl,
      },
    });
    const ended = once(child, 'exit').then(() => {
      throw new Error('the second instance did not start');
    });
    const [url] = (await Promise.race([once(child, 'message'), ended])) as [string];
    ended.catch(() => {});
    return new OtherProcess(child, url);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }
}
