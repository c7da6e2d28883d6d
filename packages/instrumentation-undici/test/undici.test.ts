import { join } from 'node:path';
import { httpClientSuite, manifestSuite } from '@clew/testing';
import { UndiciInstrumentation } from '../src/index.ts';
import { fetchWith, instrument, requestWith, VERSIONS } from './subjects.ts';

/** The clients inside Node cannot be reached before the first request. */
const LISTENS = 'it listens to channels';

/** The methods with which pools and clients send a request, under undici's symbol. */
function dispatchers({ Pool, Client }: (typeof VERSIONS)[string]): ((...args: never[]) => unknown)[] {
  const prototypes: object[] = [Object.getPrototypeOf(Pool.prototype), Client.prototype];
  return prototypes.map((prototype) => {
    const key = Object.getOwnPropertySymbols(prototype).find(({ description }) => description === 'dispatch');
    return Reflect.get(prototype, key ?? 'dispatch');
  });
}

for (const [name, undici] of Object.entries(VERSIONS)) {
  httpClientSuite({
    name: `${name}, request()`,
    instrument: (options) => instrument(options, undici),
    functions: () => dispatchers(undici),
    call: requestWith(undici),
  });
}

httpClientSuite({ name: "Node's fetch", instrument, functions: LISTENS, call: fetchWith(globalThis.fetch) });

manifestSuite(join(__dirname, '..'), { UndiciInstrumentation });

test('rejects an unknown list of headers', () => {
  const headersToSpanAttributes = { response: ['x-request-id'] } as object;
  expect(() => new UndiciInstrumentation({ headersToSpanAttributes })).toThrow(
    '@clew/instrumentation-undici: expected headersToSpanAttributes to be { requestHeaders?, responseHeaders? }',
  );
});
