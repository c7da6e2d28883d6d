import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessagingActions } from '../src/actions.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heap = () => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

const options = { ignore: [], destinationTemplates: [] };

test('an action is made once for each exchange, key and queue', () => {
  const actions = new MessagingActions({}, { options });
  expect(actions.process('', 'orders', 'orders')).toBe(actions.process('', 'orders', 'orders'));
  expect(actions.publish('', 'orders')).toBe(actions.publish('', 'orders'));
  expect(actions.publish('', 'orders')).not.toBe(actions.publish('events', 'orders'));
});

test('the memory of actions is bounded, whatever varies: exchange, key, queue or method', () => {
  const actions = new MessagingActions({}, { options });
  const round = (from: number) => {
    for (let count = from; count < from + 2000; count++) {
      actions.publish(`exchange ${count % 40}`, `key ${count}`);
      actions.process(`exchange ${count}`, 'key', `queue ${count % 50}`);
      actions.call('nestjs', 'call', `method ${count}`, '', 'rpc');
      actions.plainCall('', `rpc ${count}`);
    }
  };
  round(0);
  const before = heap();
  for (let from = 2000; from < 20_000; from += 2000) round(from);
  // 500 actions of about 2 KB; without a bound there would be 72,000 more of them.
  expect(heap() - before).toBeLessThan(3_000_000);
});
