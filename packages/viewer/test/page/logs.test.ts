import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Collector, startCollector } from '../../src/collector.ts';
import { pageHtml } from '../../src/page.ts';
import { logRecord } from '../sample-logs.ts';
import { ORDER, START, sketch, TRACE_ID } from '../sample-trace.ts';
import { startBrowser, type TestBrowser } from './browser.ts';

// On a busy machine, a page may take long.
jest.setTimeout(300_000);

const HOSTILE_ID = 'e'.repeat(32);
const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  '\u202egnp.exe\u202c',
  'a\u0000b\u001b[31mc\nd',
  '\ud800',
  '__proto__',
  '<b>'.repeat(350_000),
];

let browser: TestBrowser;
let collector: Collector;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clew-page-logs-'));
  browser = await startBrowser();
  collector = await startCollector({ port: 0, page: true });
  collector.store.add(ORDER.spans);
  collector.store.addLogs([
    logRecord({
      severityNumber: 17,
      severityText: 'error',
      body: 'declined',
      timeUnixNano: START + 9_000_000n,
    }),
    logRecord({
      severityNumber: 13,
      body: { pieces: 2 },
      attributes: { card: 'visa', 'http.route': '/pay' },
    }),
    logRecord({ spanId: '', body: 'of the trace', timeUnixNano: START }),
    logRecord({ spanId: 'f'.repeat(16), body: 'of a span that is missing' }),
    logRecord({ spanId: '00000000000000b1', body: 'of another span' }),
  ]);
  collector.store.add(sketch([{ id: 'a1', name: 'hostile' }], HOSTILE_ID).spans);
  collector.store.addLogs(
    HOSTILE.map((text) =>
      logRecord({
        traceId: HOSTILE_ID,
        body: text,
        severityText: text.slice(0, 100),
        eventName: text.slice(0, 100),
        attributes: { [text.slice(0, 100)]: text },
        scope: { name: text.slice(0, 100), version: '', attributes: {} },
      }),
    ),
  );
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await collector?.close();
  await rm(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await browser.closePages();
  expect(browser.problems.splice(0)).toEqual([]);
});

const ROOT = `#/trace/${TRACE_ID}?span=00000000000000a1`;

async function opened(address: string, offline = false) {
  const page = await browser.open(address, { offline });
  await page.waitForSelector('.logs summary');
  return page;
}

test('the details of a span list its log records in chronological order, with their severities', async () => {
  const page = await opened(`${collector.url}/${ROOT}`);
  expect(await page.locator('header').textContent()).toContain('5 log records');
  expect(await page.locator('.line .label').first().textContent()).toContain('≡4');
  expect(await page.locator('.logs summary').allTextContents()).toEqual([
    'INFO 0 ms of the trace',
    'WARN 1.00 ms {"pieces":2}',
    'INFO 1.00 ms of a span that is missing',
    'error 9.00 ms declined',
  ]);
  expect(await page.locator('.logs .severity.error').allTextContents()).toEqual(['error']);
  expect(await page.locator('.logs .severity.warning').allTextContents()).toEqual(['WARN']);
});

test('a record opens, by mouse and keyboard, and shows its message and attributes', async () => {
  const page = await opened(`${collector.url}/${ROOT}`);
  const record = page.locator('.logs li').nth(1);
  await record.locator('summary').click();
  expect(await record.locator('tr').allTextContents()).toEqual([
    'Time2026-07-01 12:00:00.001',
    'Message{"pieces":2}',
    'Loggerlogger',
    'cardvisa',
    'http.route/pay',
  ]);
  await page.locator('.logs li').first().locator('summary').focus();
  await page.keyboard.press('Enter');
  expect(await page.locator('.logs li').first().locator('tr').nth(1).textContent()).toBe(
    'Spannone: of the whole trace',
  );
  expect(await page.locator('.logs li').first().locator('details').getAttribute('open')).not.toBeNull();
});

test('another span has its own records, and a span without records has no list', async () => {
  const page = await opened(`${collector.url}/#/trace/${TRACE_ID}?span=00000000000000b1`);
  expect(await page.locator('.logs summary').allTextContents()).toEqual(['INFO 0 ms of another span']);
  const other = await browser.open(`${collector.url}/#/trace/${TRACE_ID}?span=00000000000000b2`);
  await other.waitForSelector('.details');
  expect(await other.locator('.logs').count()).toBe(0);
});

test('nothing of hostile records executes, invisible characters are visible, and long messages are cut', async () => {
  const page = await opened(`${collector.url}/#/trace/${HOSTILE_ID}?span=00000000000000a1`);
  const records = await page.locator('.logs summary').all();
  expect(records).toHaveLength(HOSTILE.length);
  for (const record of records) await record.click();
  expect(await page.locator('main img, main script, main [onload], main [onerror], main b').count()).toBe(0);
  const text = (await page.locator('.logs').textContent())!;
  expect(text).toContain('<img src=x onerror=alert(1)>');
  expect(text).toContain('(1050000 characters)');
  expect(text.length).toBeLessThan(100_000);
  expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
});

test('an exported page has the log records, and needs no network', async () => {
  const file = join(folder, 'trace.html');
  for (const [traceId, count] of [
    [TRACE_ID, 4],
    [HOSTILE_ID, HOSTILE.length],
  ] as const) {
    writeFileSync(file, pageHtml(collector.store.traceJson(traceId)));
    const page = await browser.open(pathToFileURL(file).href, { offline: true });
    await page.locator('.line').first().click();
    await page.waitForSelector('.logs summary');
    expect(await page.locator('.logs summary').count()).toBe(count);
  }
});

test('of 10,000 records of one span, the page shows the first 200', async () => {
  const traceId = 'd'.repeat(32);
  collector.store.add(sketch([{ id: 'a1', name: 'busy' }], traceId).spans);
  collector.store.addLogs(
    Array.from({ length: 10_000 }, (_, index) => logRecord({ traceId, body: `log ${index}` })),
  );
  const page = await opened(`${collector.url}/#/trace/${traceId}?span=00000000000000a1`);
  expect(await page.locator('.logs summary').count()).toBe(200);
  expect(await page.locator('.details .omitted').textContent()).toBe('9800 more log records not shown');
});
