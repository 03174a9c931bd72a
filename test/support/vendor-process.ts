import { join } from 'node:path';
import { ProgramProcess } from './program-process';

/** What the vendor executed under one operation. */
export interface ExecutedOperation {
  operation: string;
  currency: string;
  /** In the currency's minor unit. */
  amount: number;
  /** How many movements of money it was: one that was executed twice has two. */
  movements: number;
}

/** An offline Stripe as a process of its own, which no kill of a broker takes its book from. */
export class VendorProcess {
  readonly secretKey = 'sk_test_vendor_process';

  private constructor(private readonly program: ProgramProcess) {}

  /** @param delayMs How long each answer to a payment takes. */
  static async start({ delayMs = 0 } = {}): Promise<VendorProcess> {
    const file = join(__dirname, 'vendor-program.ts');
    return new VendorProcess(
      await ProgramProcess.start(file, {
        STRIPE_SECRET_KEY: 'sk_test_vendor_process',
        DELAY_MS: String(delayMs),
      }),
    );
  }

  get url(): string {
    return this.program.url;
  }

  executed(): Promise<ExecutedOperation[]> {
    return this.program.ask('executed');
  }

  async close(): Promise<void> {
    await this.program.kill('SIGKILL');
  }
}
