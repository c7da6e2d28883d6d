import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Operations } from '../src/operations.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heap = () => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

const options = { ignore: [], destinationTemplates: [] };

test('an operation is made once for each exchange, key and queue', () => {
  const operations = new Operations({}, { options });
  expect(operations.process('', 'orders', 'orders')).toBe(operations.process('', 'orders', 'orders'));
  expect(operations.publish('', 'orders')).toBe(operations.publish('', 'orders'));
  expect(operations.publish('', 'orders')).not.toBe(operations.publish('events', 'orders'));
});

test('the memory of operations is bounded, whatever varies: exchange, key, queue or method', () => {
  const operations = new Operations({}, { options });
  const round = (from: number) => {
    for (let count = from; count < from + 2000; count++) {
      operations.publish(`exchange ${count % 40}`, `key ${count}`);
      operations.process(`exchange ${count}`, 'key', `queue ${count % 50}`);
      operations.call('nestjs', 'call', `method ${count}`, '', 'rpc');
      operations.plainCall('', `rpc ${count}`);
    }
  };
  round(0);
  const before = heap();
  for (let from = 2000; from < 20_000; from += 2000) round(from);
  // 500 operations of about 2 KB; without a bound there would be 72,000 more of them.
  expect(heap() - before).toBeLessThan(3_000_000);
});
