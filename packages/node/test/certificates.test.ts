import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { decodeTraces } from '@clew/viewer';
import { generate } from 'selfsigned';
import { PRELOAD, program, run } from './child.ts';
import { makeProject, type Project } from './project.ts';

let project: Project;
let receiver: Server;
let url: string;
let received: { spans: string[]; client: string | undefined }[] = [];

beforeAll(async () => {
  const [own, peer] = await Promise.all(
    ['localhost', 'a program'].map((value) =>
      generate([{ name: 'commonName', value }], { keySize: 2048, algorithm: 'sha256' }),
    ),
  );
  project = makeProject();
  project.write('ca.pem', own!.cert);
  project.write('client.pem', peer!.cert);
  project.write('client.key', peer!.private);
  const options = {
    cert: own!.cert,
    key: own!.private,
    ca: peer!.cert,
    requestCert: true,
    rejectUnauthorized: false,
  };
  receiver = createServer(options, async (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    const spans = decodeTraces(await buffer(request), request.headers['content-type'] ?? '');
    received.push({ spans: spans.map(({ name }) => name), client: subject?.CN as string | undefined });
    response.end();
  }).listen(0, 'localhost');
  await once(receiver, 'listening');
  url = `https://localhost:${(receiver.address() as AddressInfo).port}`;
});
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
  project.remove();
});
beforeEach(() => {
  received = [];
});

const files = (name: string) => ({
  [`OTEL_EXPORTER_OTLP_${name}CERTIFICATE`]: join(project.folder, 'ca.pem'),
  [`OTEL_EXPORTER_OTLP_${name}CLIENT_CERTIFICATE`]: join(project.folder, 'client.pem'),
  [`OTEL_EXPORTER_OTLP_${name}CLIENT_KEY`]: join(project.folder, 'client.key'),
});

// At process.exit() another process posts the spans, and needs the certificates, too.
describe.each([['falls off'], ['process.exit()', '0']])('a process that ends by %s', (...way) => {
  test.each(['', 'TRACES_'])(
    'uses the files of OTEL_EXPORTER_OTLP_%sCERTIFICATE and related variables',
    async (name) => {
      const { stderr } = await run([...PRELOAD, program('ends.mjs'), ...way], {
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        ...files(name),
      });
      expect(stderr).toBe('written by the application\n');
      expect(received).toEqual([{ spans: ['last span'], client: 'a program' }]);
    },
  );

  test('sends no spans to a receiver with an untrusted certificate', async () => {
    await run([...PRELOAD, program('ends.mjs'), ...way], {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      CLEW_FLUSH_TIMEOUT_MS: '300',
    });
    expect(received).toEqual([]);
  });
});
