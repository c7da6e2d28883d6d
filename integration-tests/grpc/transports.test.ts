// TLS, Unix domain sockets, and the addresses that spans have.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { prepareRecorder, recordSpans } from '@clew/testing';
import type * as Grpc from '@grpc/grpc-js';
import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type Certificate, selfSignedCertificate } from '../services/certificate.ts';
import { subjects } from './apis.ts';
import { kinds, make, servedBy } from './kinds.ts';
import { definition, instrument, type Transport, traced } from './traced.ts';

const respondAll = servedBy((call) => {
  call.write('one');
  call.respond();
});
let certificate: Certificate;
let folder: string;

beforeAll(async () => {
  certificate = await selfSignedCertificate();
  folder = mkdtempSync(join(tmpdir(), 'clew-grpc-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The attributes that are addresses and ports. */
function addressesOf(attributes: Attributes): Attributes {
  const entries = Object.entries(attributes).filter(([name]) => /^(server|client|network)\./.test(name));
  return Object.fromEntries(entries);
}

describe.each(subjects)('$name', ({ api, recorder: options }) => {
  const recorder = recordSpans(prepareRecorder(options));
  const { grpc } = api;
  const { createInsecure } = grpc.ServerCredentials;

  async function takePair() {
    const spans = await recorder.take(2);
    const [client, server] = [SpanKind.CLIENT, SpanKind.SERVER].map((wanted) =>
      spans.find(({ kind }) => kind === wanted),
    );
    expect(server?.parentSpanId).toBe(client?.spanId);
    return { client: addressesOf(client!.attributes), server: addressesOf(server!.attributes) };
  }

  const encrypted = (trusted: string): Transport => ({
    address: '127.0.0.1:0',
    targetOf: (port) => `localhost:${port}`,
    serverCredentials: grpc.ServerCredentials.createSsl(null, [
      { cert_chain: Buffer.from(certificate.cert), private_key: Buffer.from(certificate.key) },
    ]),
    clientCredentials: grpc.credentials.createSsl(Buffer.from(trusted)),
  });

  test.each(kinds)('%s: over TLS, spans have the addresses of the target and of the connection', (kind) =>
    traced(
      api,
      respondAll,
      async ({ client, port }) => {
        expect(await make(api, client, kind).code).toBe(0);
        expect(await takePair()).toEqual({
          client: {
            'server.address': 'localhost',
            'server.port': port,
            'network.peer.address': '127.0.0.1',
            'network.peer.port': port,
          },
          server: {
            'server.address': '127.0.0.1',
            'server.port': port,
            'client.address': '127.0.0.1',
            'network.peer.address': '127.0.0.1',
            'network.peer.port': expect.any(Number),
          },
        });
      },
      {},
      {},
      encrypted(certificate.cert),
    ),
  );

  test('a server with a certificate that the client does not trust is an error of the client', async () => {
    const { cert } = await selfSignedCertificate();
    await traced(
      api,
      respondAll,
      async ({ client }) => {
        expect(await make(api, client, 'unary').code).toBe(grpc.status.UNAVAILABLE);
        const [span] = await recorder.take(1);
        expect(span?.status.code).toBe(SpanStatusCode.ERROR);
        expect(span?.attributes).toMatchObject({
          'error.type': 'UNAVAILABLE',
          'server.address': 'localhost',
        });
        expect(span?.attributes).not.toHaveProperty(['network.peer.address']);
      },
      {},
      {},
      encrypted(cert),
    );
  });

  (process.platform === 'win32' ? describe.skip : describe)('Unix domain sockets', () => {
    let sockets = 0;

    test.each(kinds.flatMap((kind) => ['unix:', 'unix://'].map((scheme) => [kind, scheme] as const)))(
      '%s: with a target of %s, the address of both spans is the path, without a port',
      async (kind, scheme) => {
        const path = join(folder, `${++sockets}`);
        const [serverCredentials, clientCredentials] = [createInsecure(), grpc.credentials.createInsecure()];
        const transport = { address: `unix:${path}`, serverCredentials, clientCredentials };
        await traced(
          api,
          respondAll,
          async ({ client }) => {
            expect(await make(api, client, kind).code).toBe(0);
            expect(await takePair()).toEqual({
              client: { 'server.address': path, 'network.peer.address': path },
              server: { 'server.address': path },
            });
          },
          {},
          {},
          { ...transport, targetOf: () => `${scheme}${path}` },
        );
      },
    );

    test('a relative path is the address as it is given', async () => {
      const path = relative(process.cwd(), join(folder, `${++sockets}`));
      await traced(
        api,
        respondAll,
        async ({ client }) => {
          expect(await make(api, client, 'unary').code).toBe(0);
          expect(await takePair()).toEqual({
            client: { 'server.address': path, 'network.peer.address': path },
            server: { 'server.address': path },
          });
        },
        {},
        {},
        {
          address: `unix:${path}`,
          targetOf: () => `unix:${path}`,
          serverCredentials: createInsecure(),
          clientCredentials: grpc.credentials.createInsecure(),
        },
      );
    });
  });

  test.each([
    ['shop.internal:50051', { 'server.address': 'shop.internal', 'server.port': 50051 }],
    ['dns://10.0.0.2/shop.internal', { 'server.address': 'shop.internal', 'server.port': 443 }],
    ['ipv4:127.0.0.1:50051', { 'server.address': '127.0.0.1', 'server.port': 50051 }],
    ['ipv6:[::1]:50051', { 'server.address': '::1', 'server.port': 50051 }],
    ['ipv4:127.0.0.1:1,127.0.0.1:2', { 'server.address': 'ipv4:127.0.0.1:1,127.0.0.1:2' }],
  ])('a client of %s has spans with %j', async (target, expected) => {
    const instrumentation = instrument(api);
    const client = new grpc.Client(target, grpc.credentials.createInsecure());
    try {
      const code = new Promise((resolve) => {
        const { path, requestSerialize, responseDeserialize } = definition.unary;
        const done = (error: Grpc.ServiceError | null) => resolve(error?.code);
        const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, 'a', done);
        call.cancel();
      });
      expect(await code).toBe(grpc.status.CANCELLED);
      const [span] = await recorder.take(1);
      expect(addressesOf(span!.attributes)).toEqual(expected);
    } finally {
      client.close();
      instrumentation.disable();
    }
  });
});
