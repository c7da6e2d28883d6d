import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Collector, startCollector } from '../../src/collector.ts';
import { traceToOtlp } from '../../src/otlp-trace.ts';
import { ORDER } from '../sample-trace.ts';
import { startBrowser, type TestBrowser } from './browser.ts';

// On a busy machine, a page may take long.
jest.setTimeout(300_000);

let browser: TestBrowser;
let application: Server;
let origin: string;
let collector: Collector | undefined;
beforeAll(async () => {
  browser = await startBrowser();
  application = createServer((_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>a page</title>'),
  );
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
}, 300_000);
afterEach(() => collector?.close());
afterAll(async () => {
  await browser?.close();
  application.closeAllConnections();
  application.close();
});

/** Sends a trace as a page's exporter does. Resolves to the status, or to the browser's error. */
async function sendFromPage({ url }: Collector): Promise<number | string> {
  const page = await browser.open(origin);
  return page.evaluate(
    async ({ url, body }) => {
      const headers = { 'content-type': 'application/json', 'x-team': 'web' };
      try {
        return (await fetch(`${url}/v1/traces`, { method: 'POST', headers, body })).status;
      } catch (error) {
        return (error as Error).message;
      }
    },
    { url, body: JSON.stringify(traceToOtlp(ORDER)) },
  );
}

test('a web page of an allowed origin may send spans', async () => {
  collector = await startCollector({ port: 0, allowedOrigins: ['http://localhost:1', origin] });
  expect(await sendFromPage(collector)).toBe(200);
  expect(collector.store.counts()).toEqual({ traces: 1, spans: ORDER.spans.length, logs: 0 });
  expect(browser.problems.splice(0)).toEqual([]);
});

test('a web page of any other origin may not', async () => {
  collector = await startCollector({ port: 0, allowedOrigins: ['http://localhost:1'] });
  expect(await sendFromPage(collector)).toBe('Failed to fetch');
  expect(collector.store.counts()).toEqual({ traces: 0, spans: 0, logs: 0 });
  expect(browser.problems.splice(0).join()).toContain('CORS');
});

test('an allowed web page may not read traces', async () => {
  collector = await startCollector({ port: 0, allowedOrigins: [origin] });
  const page = await browser.open(origin);
  const read = await page.evaluate(
    (url) =>
      fetch(`${url}/api/traces`).then(
        ({ status }) => status,
        (error) => error.message,
      ),
    collector.url,
  );
  expect(read).toBe('Failed to fetch');
  browser.problems.splice(0);
});
