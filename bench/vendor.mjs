import { createStripeVendor } from 'nestjs-vault-key/testing';

const vendor = await createStripeVendor({
  secretKey: process.env.STRIPE_SECRET_KEY,
  keep: Infinity,
});

// Asked after each measurement: how many calls were executed. Then everything is forgotten.
process.on('message', () => {
  const executed = vendor.book.entries.filter((call) => call.executed && call.status === 200);
  vendor.reset();
  process.send({ executed: executed.length });
});
process.once('disconnect', () => void vendor.close());

console.log(`listening on ${vendor.url}`);
