import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const CONTENT_TYPES = ['application/x-protobuf', 'application/json'] as const;
export type ContentType = (typeof CONTENT_TYPES)[number];

/** Exports the two spans of export-sample.mjs to `url`; rejects if the exporter reports a failure. */
export async function exportSample(
  type: ContentType,
  url: string,
  compression: 'gzip' | 'none',
): Promise<void> {
  await promisify(execFile)(process.execPath, [join(__dirname, 'export-sample.mjs'), type, url, compression]);
}

/** Returns the body that OpenTelemetry's own exporter sends. */
export async function exportedBytes(type: ContentType): Promise<Buffer> {
  const bodies: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    bodies.push(Buffer.concat(chunks));
    response.setHeader('content-type', type).end(type === 'application/json' ? '{}' : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await exportSample(type, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'none');
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return bodies[0]!;
}
