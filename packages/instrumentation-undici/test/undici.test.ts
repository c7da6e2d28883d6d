import { join } from 'node:path';
import { httpClientSuite, manifestSuite } from '@clew/testing';
import { UndiciInstrumentation } from '../src/index.ts';
import { fetchWith, instrument, requestWith, VERSIONS } from './subjects.ts';

/** The names and lengths of functions cannot change where none is replaced. */
const LISTENS = 'it listens to channels';

for (const [name, undici] of Object.entries(VERSIONS)) {
  httpClientSuite({
    name: `${name}, request()`,
    instrument: (options) => instrument(options, undici),
    functions: LISTENS,
    call: requestWith(undici),
  });
}

httpClientSuite({ name: "Node's fetch", instrument, functions: LISTENS, call: fetchWith(globalThis.fetch) });

manifestSuite(join(__dirname, '..'), { UndiciInstrumentation });

test('a list of headers that nobody asks for is refused', () => {
  const headersToSpanAttributes = { response: ['x-request-id'] } as object;
  expect(() => new UndiciInstrumentation({ headersToSpanAttributes })).toThrow(
    '@clew/instrumentation-undici: expected headersToSpanAttributes to be { requestHeaders?, responseHeaders? }',
  );
});
