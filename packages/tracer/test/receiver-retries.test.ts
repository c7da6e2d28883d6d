import { status } from './collector.ts';
import { end, none, receiverSetup } from './receiver-setup.ts';

const { collector, makeProvider } = receiverSetup();

describe('a receiver that', () => {
  test.each([429, 502, 503, 504])('responds with %d gets the batch again', async (code) => {
    collector().respondWith(status(code), status(code));
    const provider = makeProvider();
    end(provider, 2);
    await provider.forceFlush();
    expect(collector().received).toHaveLength(3);
    expect(provider.stats()).toMatchObject({ spansExported: 2, retries: 2, dropped: none });
  });

  test.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 2000).toUTCString()],
  ])('requests a delay in %s gets it, even in a flush', async (_, header) => {
    collector().respondWith((response) => response.writeHead(429, { 'retry-after': header() }).end());
    const provider = makeProvider();
    end(provider);
    await provider.forceFlush();
    const [first, second] = collector().received;
    // A date has whole seconds.
    expect(second!.at - first!.at).toBeGreaterThan(900);
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 1 });
  });

  test.each([
    '0',
    '-1',
    '-Infinity',
    '1e-9',
    '0x0',
    'now',
    '',
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Fri, 01 Jan 2100 00:00:00',
  ])('requests a retry after "%s" gets it no sooner than the exporter’s own back-off', async (asked) => {
    const unavailable = status(503, { 'retry-after': asked });
    collector().respondWith(unavailable, unavailable, unavailable);
    const provider = makeProvider({ retryDelayMs: 40 });
    end(provider);
    await provider.forceFlush();
    const times = collector().received.map(({ at }) => at);
    // Half of the delay is random.
    const waits = times.slice(1).map((at, i) => at - times[i]!);
    for (const [i, least] of [20, 40, 80].entries()) expect(waits[i]).toBeGreaterThanOrEqual(least - 2);
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 3 });
  });

  test('requests a shorter delay than the back-off gets the retry of a flush after that delay', async () => {
    collector().respondWith(status(503, { 'retry-after': '1' }));
    const provider = makeProvider({ retryDelayMs: 60_000, scheduleDelayMs: 1 });
    end(provider);
    while (provider.stats().retries === 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([provider.forceFlush(), provider.forceFlush()]);
    const [first, second] = collector().received;
    expect(second!.at - first!.at).toBeGreaterThan(990);
    expect(second!.at - first!.at).toBeLessThan(14_000);
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 1 });
  });

  test.each(['130', '9'.repeat(40), 'Fri, 01 Jan 2100 00:00:00 GMT'])(
    'requests a delay of "%s" gets two minutes at most',
    async (asked) => {
      collector().respondWith(status(503, { 'retry-after': asked }), status(503, { 'retry-after': asked }));
      const [within, beyond] = [125_000, 119_000].map((retryForMs) => makeProvider({ retryForMs }));
      end(beyond!);
      await beyond!.forceFlush();
      expect(beyond!.stats()).toMatchObject({ retries: 0, dropped: { retriesExhausted: 1 } });
      // It waits if a little more than two minutes are allowed.
      end(within!);
      void within!.forceFlush();
      await collector().requests(2);
      while (within!.stats().retries === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(within!.stats()).toMatchObject({ spansQueued: 1, dropped: none });
    },
  );
});
