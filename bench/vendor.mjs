import { createStripeVendor } from 'nestjs-vault-key/testing';

const vendor = await createStripeVendor({
  secretKey: process.env.STRIPE_SECRET_KEY,
  keep: Infinity,
});
const delayMs = Number(process.env.DELAY_MS ?? 0);

/** How far away it is. */
function putAway() {
  if (delayMs > 0) vendor.next('POST /v1/payment_intents', { delayMs }, { times: Infinity });
}

// Asked after each measurement: how many calls were executed. Then everything is forgotten.
process.on('message', () => {
  const executed = vendor.book.entries.filter((call) => call.executed && call.status === 200);
  vendor.reset();
  putAway();
  process.send({ executed: executed.length });
});
process.once('disconnect', () => void vendor.close());

putAway();
console.log(`listening on ${vendor.url}`);
