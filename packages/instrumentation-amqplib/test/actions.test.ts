import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { actionsOf } from '../src/actions.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** The least of several readings: only what is kept is in all of them. */
const heap = async () => {
  let least = Number.POSITIVE_INFINITY;
  for (let reading = 0; reading < 5; reading++) {
    await new Promise(setImmediate);
    collectGarbage();
    least = Math.min(least, process.memoryUsage().heapUsed);
  }
  return least;
};

const options = { ignore: [], destinationTemplates: [] };
const server = {};

test('an action is created once for each server, exchange, key and queue', () => {
  const actions = actionsOf({ options });
  const { process, publish } = actions();
  const [first, other] = [process(server, '', 'orders', 'orders'), publish(server, 'events', 'orders')];
  expect(publish(server, '', 'orders')).not.toBe(other);
  expect(publish(server, 'events', 'orders')).toBe(other);
  expect(process(server, '', 'orders', 'paid')).not.toBe(first);
  expect(process(server, '', 'orders', 'orders')).toBe(first);
  expect(process({}, '', 'orders', 'orders')).not.toBe(first);
});

test('the memory of actions is bounded, whatever varies: exchange, key, queue or method', async () => {
  const actions = actionsOf({ options });
  const round = (from: number) => {
    for (let count = from; count < from + 2000; count++) {
      actions().publish(server, `exchange ${count % 40}`, `key ${count}`);
      actions().process(server, `exchange ${count}`, 'key', `queue ${count % 50}`);
      actions().call(server, '', 'rpc', `method ${count}`, 'call', 'nestjs');
      actions().plainCall(server, '', `rpc ${count}`);
    }
  };
  round(0);
  const before = await heap();
  for (let from = 2000; from < 20_000; from += 2000) round(from);
  // Up to 1,000 actions of about 2 KB. Without a bound, there would be 72,000 more.
  expect((await heap()) - before).toBeLessThan(3_000_000);
});
