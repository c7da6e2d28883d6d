import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Collector, startCollector } from '../../src/collector.ts';
import { pageHtml } from '../../src/page.ts';
import type { Trace } from '../../src/span-record.ts';
import { type SpanSketch, sketch, TRACE_ID } from '../sample-trace.ts';
import { startBrowser, type TestBrowser } from './browser.ts';

// On a busy machine, a page may take long.
jest.setTimeout(300_000);

let browser: TestBrowser;
let collector: Collector;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clew-page-'));
  browser = await startBrowser();
  collector = await startCollector({ port: 0, page: true });
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await collector?.close();
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => browser.closePages());

const TEXTS = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '<!--<script>',
  '"><svg onload=alert(1)>',
  'javascript:alert(1)',
  "%SCRIPT% %DATA% $& $'",
  '\u202egnp.exe\u202c',
  'a\u0000b\u001b[31mc\nd',
  '\ud800',
  '__proto__',
];

const HOSTILE: Trace = sketch(
  TEXTS.map(
    (text, index): SpanSketch => ({
      id: String(index + 1),
      ...(index > 0 && { parent: '1' }),
      name: text,
      service: text,
      kind: index === 0 ? 'SERVER' : 'CLIENT',
      error: text,
      attributes: {
        [text]: text,
        'http.route': text,
        ...(index === 0 && { large: 'x'.repeat(1_000_000) }),
        'clew.sampling.policy': text,
      },
      events: [{ name: text, timeUnixNano: 0n, attributes: { [text]: text } }],
      links: [{ traceId: text, spanId: text, traceState: text, attributes: { [text]: text } }],
    }),
  ),
);

test('nothing of hostile spans executes, in any view, and invisible characters are visible', async () => {
  collector.store.add(HOSTILE.spans);
  for (const view of [
    '',
    `trace/${TRACE_ID}?span=${'1'.padStart(16, '0')}`,
    'map',
    `compare/${TRACE_ID}/${TRACE_ID}`,
  ]) {
    const page = await browser.open(`${collector.url}/#/${view}`);
    await page.waitForSelector('td, .line, .node');
    expect(await page.locator('main img, main script, main [onload], main [onerror]').count()).toBe(0);
    const text = (await page.locator('main').textContent())!;
    expect(text).toContain('<img src=x onerror=alert(1)>');
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(browser.problems.splice(0)).toEqual([]);
  }
});

test('an exported page with a hostile trace shows it without a network, and executes nothing of it', async () => {
  const file = join(folder, 'trace.html');
  writeFileSync(file, pageHtml(collector.store.traceJson(TRACE_ID)));
  const page = await browser.open(pathToFileURL(file).href, { offline: true });
  // Until the page knows its height, it has fewer lines.
  await page
    .locator('.line')
    .nth(TEXTS.length - 1)
    .waitFor();
  expect(await page.locator('.line').count()).toBe(TEXTS.length);
  expect(await page.locator('h1').textContent()).toBe('<img src=x onerror=alert(1)>');
  expect(browser.problems.splice(0)).toEqual([]);
});

test('the policy of the page forbids other scripts, styles and connections', async () => {
  const page = await browser.open(collector.url);
  await page.waitForSelector('h1, p, td');
  const executed = await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'window.executed = true';
    document.body.append(script);
    const reached = await fetch('http://127.0.0.1:1/').then(
      () => true,
      () => false,
    );
    return [Reflect.get(window, 'executed'), reached];
  });
  expect(executed).toEqual([undefined, false]);
  const problems = browser.problems.splice(0).join('\n');
  expect(problems).toContain('Executing inline script violates');
  expect(problems).toContain("Connecting to 'http://127.0.0.1:1/' violates");
});

test('cycles, missing parents, duplicates and impossible times are drawn', async () => {
  const spans = [
    { id: '1', parent: '2', name: 'a' },
    { id: '2', parent: '1', name: 'b' },
    { id: '3', parent: '9', name: 'orphan', at: -10, ms: -5 },
    { id: '4', name: 'root' },
  ];
  const trace = sketch(spans, 'c'.repeat(32));
  collector.store.add(
    trace.spans.map((span, index) =>
      index === 3 ? { ...span, startTimeUnixNano: 0n, endTimeUnixNano: 2n ** 64n - 1n } : span,
    ),
  );
  collector.store.add(trace.spans);
  const page = await browser.open(`${collector.url}/#/trace/${trace.traceId}`);
  await page.waitForSelector('.line');
  expect((await page.locator('.line .text').allTextContents()).toSorted()).toEqual([
    '? a',
    '? orphan',
    'b',
    'root',
  ]);
  expect(browser.problems.splice(0)).toEqual([]);
});

test('of 50,000 spans only the visible lines are in the document, and scrolling goes through all', async () => {
  const spans = Array.from({ length: 50_000 }, (_, index) => ({
    id: (index + 1).toString(16),
    ...(index > 0 && { parent: '1' }),
    name: `step ${index}`,
    at: index / 10,
    ms: index === 0 ? 5000 : 1,
  }));
  const traceId = 'd'.repeat(32);
  collector.store.add(sketch(spans, traceId).spans);
  const page = await browser.open(`${collector.url}/#/trace/${traceId}`);
  await page.waitForSelector('.line');
  expect(await page.locator('.lines').getAttribute('aria-rowcount')).toBe('50000');
  expect(await page.locator('.line').count()).toBeLessThan(100);
  await page.locator('.lines').focus();
  await page.keyboard.press('End');
  await page.getByText('step 49999').waitFor();
  expect(await page.locator('.line').count()).toBeLessThan(100);
});

test.each([
  ['a name that resolves to this machine', { host: 'evil.example' }, 403],
  ['localhost', { host: 'localhost' }, 200],
])('for the host %s, the page and the API respond %j with %i', async (_case, { host }, status) => {
  const { request } = await import('node:http');
  for (const path of ['/', '/api/traces', '/api/statistics', `/api/traces/${TRACE_ID}`]) {
    const got = await new Promise((resolve, reject) => {
      request(`${collector.url}${path}`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect([path, got]).toEqual([path, status]);
  }
});
