import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy in front of a broker that can interrupt its connections. */
export interface Relay {
  readonly url: string;
  /** Destroys all connections, like a network failure. */
  disconnect(): void;
  /** Passes no more data, and keeps the connections open. */
  stall(): void;
  stop(): Promise<void>;
}

export async function relayTo(brokerUrl: string): Promise<Relay> {
  const target = new URL(brokerUrl);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.port || 5672), target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const url = new URL(brokerUrl);
  url.port = String(port);
  url.hostname = '127.0.0.1';
  const disconnect = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    disconnect,
    stall: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    async stop() {
      disconnect();
      server.close();
      await once(server, 'close');
    },
  };
}
