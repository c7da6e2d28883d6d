import { messageContext, NatsInstrumentation } from '@clew/instrumentation-nats';
import { messagingSuite } from '@clew/testing';
import { findNats, type Nats } from '../services/nats.ts';
import { apis, type Callback, type Headers } from './apis.ts';

let server: Nats;
beforeAll(async () => {
  server = await findNats();
}, 60_000);
afterAll(() => server.stop());

const SUBJECT = `clew.suite.${process.pid}`;

for (const api of apis) {
  const headersOf = (given: Readonly<Record<string, unknown>>): Headers => {
    const headers = api.headers();
    for (const [name, value] of Object.entries(given)) headers.set(name, String(value));
    return headers;
  };
  messagingSuite({
    name: api.name,
    system: 'nats',
    functions: () => api.classes.flatMap(({ prototype, patched }) => patched.map((name) => prototype[name]!)),
    longestHeader: 1_048_576 - 200,
    contextOf: ({ original }) => messageContext(original),
    instrument(options = {}) {
      const instrumentation = new NatsInstrumentation(options);
      api.instrument(instrumentation);
      return instrumentation;
    },
    async open() {
      const connection = await api.connect({ servers: server.url });
      return {
        send: (headers) => connection.publish(SUBJECT, '{}', headers && { headers: headersOf(headers) }),
        async consume(handler) {
          const callback: Callback = (_, message) => {
            const { headers } = message;
            const plain = Object.fromEntries(headers?.keys().map((name) => [name, headers.get(name)]) ?? []);
            handler({ headers: plain, original: message });
          };
          connection.subscribe(SUBJECT, { callback });
          await connection.flush();
        },
        close: () => connection.close(),
      };
    },
  });
}
