import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Receives spans as Zipkin does. */
export class ZipkinBackend {
  readonly spans: { readonly traceId: string }[] = [];
  readonly #server = createServer(async (request, response) => {
    this.spans.push(...JSON.parse(await text(request)));
    response.writeHead(202).end();
  });

  static async start(): Promise<ZipkinBackend> {
    const backend = new ZipkinBackend();
    await once(backend.#server.listen(0, '127.0.0.1'), 'listening');
    return backend;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v2/spans`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
