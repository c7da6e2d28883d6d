import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Ports that no operating system gives to a connection, or to a server that listens on port 0. */
const [FIRST, LAST] = [15_000, 31_999];

/** Finds free ports on 127.0.0.1. No other process gets them by chance before the caller uses them. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function listen(): Promise<Server> {
  const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error;
    return listen();
  }
}
