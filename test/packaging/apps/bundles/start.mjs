import { Broker } from 'nestjs-vault-key/broker';

const vendors = { stripe: { secretKey: 'sk_test_bundle' } };
// A thread that could not be started would be told here.
Broker.open({ store: `sqlite:${process.argv[2]}`, vendors }, { log: console.error })
  .then(async (broker) => {
    console.log(JSON.stringify(await broker.state()));
    // From here on the store is written by a thread of its own.
    await broker.backup(`${process.argv[2]}.copy`);
    await broker.brake({ scope: 'user', id: 'u', reason: 'a test' });
    await broker.close();
  })
  .catch((error) => {
    console.log(`${error.name}: ${error.message}`);
    process.exitCode = 1;
  });
