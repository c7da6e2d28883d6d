import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What a registry stores of a package. */
export interface PublishedPackage {
  readonly name: string;
  readonly versions: Readonly<Record<string, unknown>>;
}

/** A registry of packages in memory. */
export interface Registry {
  readonly url: string;
  readonly packages: ReadonlyMap<string, PublishedPackage>;
  close(): Promise<void>;
}

/** The body of the request that publishes a package. */
interface Publication extends PublishedPackage {
  readonly _attachments: Readonly<Record<string, { readonly data: string }>>;
}

/** Starts a registry that accepts one version of each package, and serves what was published. */
export async function startRegistry(): Promise<Registry> {
  const packages = new Map<string, PublishedPackage>();
  const tarballs = new Map<string, Buffer>();

  const publish = async (request: IncomingMessage, response: ServerResponse) => {
    const { _attachments, ...published } = (await json(request)) as Publication;
    packages.set(published.name, published);
    for (const [file, { data }] of Object.entries(_attachments))
      tarballs.set(`${published.name}/-/${file}`, Buffer.from(data, 'base64'));
    response.writeHead(201).end('{}');
  };
  const serve = (path: string, response: ServerResponse) => {
    const found = tarballs.get(path) ?? JSON.stringify(packages.get(path));
    // Another run may use the same port: npm must not read its cache instead.
    response.writeHead(found === undefined ? 404 : 200, { 'cache-control': 'no-store' }).end(found ?? '{}');
  };

  const server = createServer((request, response) => {
    if (request.method === 'PUT') void publish(request, response);
    else serve(decodeURIComponent(request.url?.slice(1) ?? ''), response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    packages,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
