import { Buffer } from 'node:buffer';
import { GrpcInstrumentation } from '@clew/instrumentation-grpc';
import type * as Grpc from '@grpc/grpc-js';
import type { Api } from './apis.ts';

const serialize = (text: string) => Buffer.from(text);
const deserialize = (bytes: Buffer) => bytes.toString();

function methodAt(path: string, requestStream: boolean, responseStream: boolean) {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  };
}

/** A service with a method of each kind; its messages are texts. */
export const definition = {
  unary: methodAt('/shop.Orders/Unary', false, false),
  collect: methodAt('/shop.Orders/Collect', true, false),
  list: methodAt('/shop.Orders/List', false, true),
  chat: methodAt('/shop.Orders/Chat', true, true),
  missing: methodAt('/shop.Orders/Missing', false, false),
};

type Done = (error: Grpc.ServiceError | null, value?: string) => void;

/** The methods of the client that the library creates for the service. */
export interface Client extends Grpc.Client {
  unary(...args: readonly [string, ...unknown[], Done]): Grpc.ClientUnaryCall;
  missing(...args: readonly [string, ...unknown[], Done]): Grpc.ClientUnaryCall;
  collect(...args: readonly [...unknown[], Done]): Grpc.ClientWritableStream<string>;
  list(text: string, ...more: unknown[]): Grpc.ClientReadableStream<string>;
  chat(...more: unknown[]): Grpc.ClientDuplexStream<string, string>;
}

export type Handlers = Readonly<Partial<Record<keyof typeof definition, Grpc.UntypedHandleCall>>>;

export interface Service {
  readonly client: Client;
  readonly server: Grpc.Server;
  readonly port: number;
  newClient(options?: Grpc.ClientOptions): Client;
  close(): void;
}

/** How a client reaches a server. */
export interface Transport {
  /** Where the server listens: `127.0.0.1:0`. */
  readonly address: string;
  targetOf(port: number): string;
  readonly serverCredentials: Grpc.ServerCredentials;
  readonly clientCredentials: Grpc.ChannelCredentials;
}

/** TCP without encryption. */
const plain = ({ grpc }: Api): Transport => ({
  address: '127.0.0.1:0',
  targetOf: (port) => `127.0.0.1:${port}`,
  serverCredentials: grpc.ServerCredentials.createInsecure(),
  clientCredentials: grpc.credentials.createInsecure(),
});

/** Starts a server, on a free port by default, and a client. */
export async function startService(
  api: Api,
  handlers: Handlers,
  serverOptions: Grpc.ServerOptions = {},
  transport: Transport = plain(api),
): Promise<Service> {
  const { grpc } = api;
  const server = new grpc.Server(serverOptions);
  const { missing, ...served } = definition;
  server.addService(served, { ...handlers });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(transport.address, transport.serverCredentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const clients: Client[] = [];
  const ServiceClient = grpc.makeGenericClientConstructor(definition, 'Orders');
  const newClient = (options: Grpc.ClientOptions = {}) => {
    // Else a client gets the connection of another test's server, which had the same port and is gone.
    const own = { 'grpc.use_local_subchannel_pool': 1, ...options };
    const client = new ServiceClient(transport.targetOf(port), transport.clientCredentials, own);
    clients.push(client as unknown as Client);
    return client as unknown as Client;
  };
  return {
    client: newClient(),
    server,
    port,
    newClient,
    close() {
      for (const client of clients) client.close();
      server.forceShutdown();
    },
  };
}

/** Patches the library as module hooks do. */
export function instrument({ grpc, clientFile }: Api, options: object = {}) {
  const instrumentation = new GrpcInstrumentation(options);
  instrumentation.instrument(clientFile, '@grpc/grpc-js', 'build/src/client.js');
  instrumentation.instrument(grpc);
  return instrumentation;
}

/** Runs `work` with a traced service. */
export async function traced(
  api: Api,
  handlers: Handlers,
  work: (service: Service) => Promise<void>,
  options: object = {},
  serverOptions: Grpc.ServerOptions = {},
  transport: Transport = plain(api),
): Promise<void> {
  const instrumentation = instrument(api, options);
  const service = await startService(api, handlers, serverOptions, transport);
  try {
    await work(service);
  } finally {
    service.close();
    instrumentation.disable();
  }
}
