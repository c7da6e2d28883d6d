import { join } from 'node:path';
import { manifestSuite, preloadSuite, readmeSuite } from '@clew/testing';
import { GrpcInstrumentation } from '../src/index.ts';

const folder = join(__dirname, '..');

// integration-tests/grpc has the tests of calls.
manifestSuite(folder, { GrpcInstrumentation });

readmeSuite(folder, ['checkout', 'shop.Orders/Total']);

test.each([
  [{ ignore: 5 }, 'expected ignore'],
  [{ trust: 'blind' }, 'expected trust to be "continue" | "link" | "ignore"'],
])('%j is refused', (options, message) => {
  expect(() => new GrpcInstrumentation(options as object)).toThrow(message);
});

test('exports without the expected classes are left alone', () => {
  const instrumentation = new GrpcInstrumentation();
  expect(() => instrumentation.instrument(Object.freeze({ something: 'else' }))).not.toThrow();
  instrumentation.disable();
});

preloadSuite(
  folder,
  {
    modules: { grpc: '@grpc/grpc-js' },
    body: `
      const bytes = { requestSerialize: Buffer.from, requestDeserialize: String };
      const both = { ...bytes, responseSerialize: Buffer.from, responseDeserialize: String };
      const service = {
        total: { path: '/shop.Orders/Total', requestStream: false, responseStream: false, ...both },
        chat: { path: '/shop.Orders/Chat', requestStream: true, responseStream: true, ...both },
      };
      const server = new grpc.Server();
      server.addService(service, {
        total: (call, done) => done(null, '42'),
        chat: (call) => call.on('data', (text) => call.write(text)).on('end', () => call.end()),
      });
      const port = await new Promise((resolve) =>
        server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (_, bound) => resolve(bound)));
      const Client = grpc.makeGenericClientConstructor(service, 'Orders');
      const client = new Client('127.0.0.1:' + port, grpc.credentials.createInsecure());
      await new Promise((resolve) => client.total('a', resolve));
      const chat = client.chat();
      chat.end('a');
      for await (const text of chat);
      client.close();
      server.forceShutdown();
    `,
  },
  ['shop.Orders/Total', 'shop.Orders/Total', 'shop.Orders/Chat', 'shop.Orders/Chat'],
);
