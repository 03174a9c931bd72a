import { Broker } from 'nestjs-vault-key/broker';

const vendors = { stripe: { secretKey: 'sk_test_bundle' } };
Broker.open({ store: `sqlite:${process.argv[2]}`, vendors })
  .then(async (broker) => {
    console.log(JSON.stringify(await broker.state()));
    await broker.close();
  })
  .catch((error) => {
    console.log(`${error.name}: ${error.message}`);
    process.exitCode = 1;
  });
