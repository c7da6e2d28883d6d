import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { end, none, receiverSetup } from './receiver-setup.ts';

const { collector, makeProvider, restart } = receiverSetup();

describe('a receiver that', () => {
  test('resets the connection gets the batch again', async () => {
    collector().respondWith((_, { socket }) => socket.resetAndDestroy());
    const provider = makeProvider();
    end(provider);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 1, dropped: none });
  });

  test('closes idle connections loses no spans', async () => {
    const provider = makeProvider();
    for (let i = 0; i < 4; i++) {
      end(provider);
      await provider.forceFlush();
      collector().received.at(-1)!.socket.destroy();
    }
    expect(provider.stats()).toMatchObject({ spansExported: 4, dropped: none });
  });

  test('closes an idle connection before the last chance gets the batch over a new one', async () => {
    const provider = makeProvider();
    end(provider);
    await provider.forceFlush();
    collector().respondWith((_, { socket }) => socket.destroy());
    end(provider);
    await provider.forceFlush({ lastChance: true });
    expect(provider.stats()).toMatchObject({ spansExported: 2, retries: 1, dropped: none });
  });

  test('does not respond gets the batch again after the timeout', async () => {
    collector().respondWith(() => {});
    const provider = makeProvider({ timeoutMs: 1000 });
    end(provider);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 1, dropped: none });
  });

  test('responds with 200 and then sends one byte at a time has accepted the batch, and is cut off at the timeout', async () => {
    let drip: NodeJS.Timeout | undefined;
    collector().respondWith((response) => {
      response.writeHead(200, { 'content-length': '1000' });
      drip = setInterval(() => response.write(' '), 10);
    });
    const provider = makeProvider({ timeoutMs: 1000 });
    end(provider);
    await provider.forceFlush();
    clearInterval(drip);
    expect(collector().received).toHaveLength(1);
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 0 });
  });

  test('does not speak HTTP has its batch dropped', async () => {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => void sockets.push(socket.on('error', () => {}))).listen(
      0,
      '127.0.0.1',
    );
    server.on('connection', (socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const provider = makeProvider({ url, retryForMs: 100 });
    end(provider, 2);
    await provider.forceFlush();
    for (const socket of sockets) socket.destroy();
    server.close();
    expect(provider.stats()).toMatchObject({ spansExported: 0, dropped: { ...none, retriesExhausted: 2 } });
  });

  test('is unreachable has the batch dropped after a while, and later batches too', async () => {
    const { url } = collector();
    await collector().close();
    const provider = makeProvider({ url, retryForMs: 60 });
    end(provider, 2);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ spansExported: 0, dropped: { ...none, retriesExhausted: 2 } });
    await restart();
  });

  test('becomes reachable again gets the queued spans', async () => {
    const { port, url } = collector();
    await collector().close();
    const provider = makeProvider({ url, scheduleDelayMs: 1 });
    end(provider, 10);
    const flushed = provider.forceFlush();
    while (provider.stats().retries < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await restart(port);
    await flushed;
    expect(collector().spans()).toHaveLength(10);
    expect(provider.stats()).toMatchObject({ spansExported: 10, dropped: none });
  });
});
