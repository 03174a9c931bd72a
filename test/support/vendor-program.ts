import { createStripeVendor } from '../../lib/testing/index';
import type { MoneyMovement } from '../../lib/testing/index';
import { answerParent } from './program';
import type { ExecutedOperation } from './vendor-process';

/** An offline Stripe that counts by itself what it executed, by the operation that the metadata names. */
async function main(): Promise<void> {
  const secretKey = process.env['STRIPE_SECRET_KEY'] ?? '';
  const vendor = await createStripeVendor({ secretKey });
  const executed = new Map<string, ExecutedOperation>();
  const { book } = vendor;
  const record = book.record.bind(book);
  book.record = (movement: MoneyMovement): void => {
    record(movement);
    const { currency, amount, metadata } = movement;
    const operation = metadata['operation'] ?? '';
    const sum = executed.get(operation) ?? { operation, currency, amount: 0, movements: 0 };
    sum.amount += amount;
    sum.movements += 1;
    executed.set(operation, sum);
  };
  const delayMs = Number(process.env['DELAY_MS'] ?? 0);
  if (delayMs > 0) vendor.next('POST /v1/payment_intents', { delayMs }, { times: Infinity });
  answerParent(vendor.url, { executed: () => [...executed.values()] });
}

void main();
