import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { type OtlpExporterOptions, TracerProvider } from '../src/index.ts';
import { decodeRequest, spansOf } from './otlp-decoder.ts';

let receiver: Server;
let url: string;
let authority: string;
let client: { cert: string; key: string };
const received: { spans: number; client: string | undefined }[] = [];

beforeAll(async () => {
  const own = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    algorithm: 'sha256',
  });
  const peer = await generate([{ name: 'commonName', value: 'a program' }], {
    keySize: 2048,
    algorithm: 'sha256',
  });
  authority = own.cert;
  client = { cert: peer.cert, key: peer.private };
  const options = {
    cert: own.cert,
    key: own.private,
    ca: peer.cert,
    requestCert: true,
    rejectUnauthorized: false,
  };
  receiver = createServer(options, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    received.push({ spans: spansOf(decodeRequest(Buffer.concat(chunks))).length, client: subject?.CN });
    response.end();
  }).listen(0, 'localhost');
  await once(receiver, 'listening');
  url = `https://localhost:${(receiver.address() as AddressInfo).port}/v1/traces`;
});
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
});
beforeEach(() => void received.splice(0));

async function exportOne(options: OtlpExporterOptions) {
  const provider = new TracerProvider({ exporter: { url, retryForMs: 0, ...options } });
  provider.getTracer('t').startSpan('s').end();
  await provider.shutdown();
  return provider.stats();
}

test('sends spans to a receiver with a certificate of the configured authority', async () => {
  expect(await exportOne({ ca: authority })).toMatchObject({ spansExported: 1 });
  expect(received).toEqual([{ spans: 1, client: undefined }]);
});

test('presents the client certificate', async () => {
  await exportOne({ ca: [authority], ...client });
  expect(received).toEqual([{ spans: 1, client: 'a program' }]);
});

test('sends no spans to a receiver with an untrusted certificate', async () => {
  expect(await exportOne({})).toMatchObject({ spansExported: 0, dropped: { retriesExhausted: 1 } });
  expect(received).toEqual([]);
});
