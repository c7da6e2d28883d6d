import { messageContext, NatsInstrumentation } from '@clew/instrumentation-nats';
import { messagingSuite, rpcSuite } from '@clew/testing';
import { findNats, type Nats } from '../services/nats.ts';
import { apis, type Callback, type Headers, type JsMsg, type Messages } from './apis.ts';
import { addStream, newSubject } from './traced.ts';

let server: Nats;
beforeAll(async () => {
  server = await findNats();
});
afterAll(() => server.stop());

const SUBJECT = `clew.suite.${process.pid}`;

for (const api of apis) {
  const headersOf = (given: Readonly<Record<string, unknown>>): Headers => {
    const headers = api.headers();
    for (const [name, value] of Object.entries(given)) headers.set(name, String(value));
    return headers;
  };
  const instrument = (options = {}) => {
    const instrumentation = new NatsInstrumentation(options);
    api.instrument(instrumentation);
    return instrumentation;
  };
  messagingSuite({
    name: api.name,
    system: 'nats',
    functions: () => api.classes.flatMap(({ prototype, patched }) => patched.map((name) => prototype[name]!)),
    longestHeader: 1_048_576 - 200,
    contextOf: ({ original }) => messageContext(original),
    instrument,
    async open() {
      const connection = await api.connect({ servers: server.url });
      return {
        send: (headers) => connection.publish(SUBJECT, '{}', headers && { headers: headersOf(headers) }),
        async consume(handler) {
          const callback: Callback = (_, message) => {
            const { headers } = message;
            const plain = Object.fromEntries(headers?.keys().map((name) => [name, headers.get(name)]) ?? []);
            return handler({ headers: plain, original: message });
          };
          connection.subscribe(SUBJECT, { callback });
          await connection.flush();
        },
        close: () => connection.close(),
      };
    },
    openBatches: 'NATS delivers messages one by one',
    async openSettling() {
      const connection = await api.connect({ servers: server.url });
      const { jetstream, subject, stream, remove } = await addStream(api, connection);
      let messages: Messages | undefined;
      return {
        send: () => jetstream.publish(subject, '{}'),
        async consume(handler) {
          const callback = (message: JsMsg) =>
            handler({ accept: () => message.ack(), refuse: () => message.nak() });
          messages = await (await jetstream.consumers.get(stream, 'worker')).consume({ callback });
        },
        async close() {
          await messages?.close();
          await remove();
          await connection.close();
        },
      };
    },
  });

  rpcSuite({
    name: api.name,
    system: 'nats',
    instrument,
    async open() {
      const connection = await api.connect({ servers: server.url });
      const subject = newSubject();
      return {
        async serve(handler) {
          const callback: Callback = (_, message) => handler({ reply: () => message.respond('42') });
          connection.subscribe(subject, { callback });
          await connection.flush();
        },
        call: (timeout) => connection.request(subject, '', { timeout }),
        close: () => connection.close(),
      };
    },
  });
}
