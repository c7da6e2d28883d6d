// What an application prints with console, outside of a span and in one.
const { Console } = require('node:console');
const { trace } = require('@opentelemetry/api');

const own = new Console(process.stdout, process.stderr);
const { log } = console;

function print() {
  console.log('sold %d to %s', 2, 'ada');
  console.log('a missing value: %s %s', 'one');
  console.log('100 %', '%%', { card: { issuer: { name: 'visa' } } });
  console.log('50%% alone');
  console.info(new Map([['pieces', 2]]), [undefined, null, 7n]);
  console.warn('low stock');
  console.error(Object.assign(new Error('broken'), { stack: 'Error: broken\n    at here' }));
  console.debug();
  console.dir({ deep: { deeper: { deepest: {} } } }, { depth: 0 });
  console.table([{ pieces: 2 }]);
  console.assert(false, 'not %s', 'true');
  console.count('orders');
  console.group('a group');
  console.log('in it\nin two lines');
  console.groupEnd();
  log('a method that was taken from console');
  own.log('an own console');
}

exports.run = async () => {
  print();
  await trace.getTracer('shop').startActiveSpan('checkout', async (span) => {
    const { traceId, spanId } = span.spanContext();
    process.stderr.write(`IDS ${traceId} ${spanId}\n`);
    print();
    await new Promise((resolve) => setImmediate(resolve));
    console.log('after await');
    span.end();
  });
  console.log([console === globalThis.console, log === console.log, console.log.name, console.log.length]);
  console.log = (...args) => process.stdout.write(`replaced: ${args.join(' ')}\n`);
  trace.getTracer('shop').startActiveSpan('checkout', () => console.log('a method that was replaced'));
};
