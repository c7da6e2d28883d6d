// `node examples/openstack/demo.mjs`: ten users, one token, ten traces.
import { renderWaterfall, startCollector } from '@clew/viewer';
import { freePorts } from '../../integration-tests/services/free-ports.ts';
import { startRedis } from '../../integration-tests/services/redis.ts';
import { hasKeystone, startKeystone } from './keystone.ts';
import { startServices } from './services.ts';

const hmacKey = 'SECRET_KEY';

if (hasKeystone()) await demonstrate();
else console.log('This example needs Keystone: apt-get install keystone python3-osprofiler python3-redis');

async function demonstrate() {
  const collector = await startCollector({ port: 0 });
  const redis = await startRedis();
  const [port] = await freePorts(1);
  console.log('starting Keystone (about half a minute) …');
  const keystone = await startKeystone({ port, redisUrl: redis.url, hmacKey });
  const services = await startServices({ keystone, collectorUrl: collector.url, hmacKey });
  try {
    const users = Array.from({ length: 10 }, (_, index) => `user-${index}`);
    await Promise.all(users.map(async (user) => (await fetch(`${services.gateway.url}/${user}`)).text()));
  } finally {
    // At their end, the services send their last spans.
    await services.stop();
    await keystone.stop();
    await redis.stop();
  }
  const traces = collector.store.traces({ limit: 100 });
  const shown = traces.map(({ traceId }) => collector.store.trace(traceId));
  const first = shown.find(({ spans }) => spans.some(({ name }) => name === 'keystone/getToken'));
  console.log(`${shown.length} traces. This one fetched the token, and the others link to it:\n`);
  if (first) console.log(renderWaterfall(first, { width: 110, color: false }));
  await collector.close();
}
