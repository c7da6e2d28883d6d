import { type Collector, startCollector } from '../../src/collector.ts';
import { startBrowser, type TestBrowser } from './browser.ts';
import { id, SHOP } from './shop-traces.ts';

// On a busy machine, a page may take long.
jest.setTimeout(300_000);

let browser: TestBrowser;
let collector: Collector;
beforeAll(async () => {
  browser = await startBrowser();
  collector = await startCollector({ port: 0, page: true });
  collector.store.add(SHOP.flatMap(({ spans }) => spans));
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await collector?.close();
});
afterEach(async () => {
  await browser.closePages();
  expect(browser.problems.splice(0)).toEqual([]);
});

test('the map shows services, databases and calls, and leads to the traces of a service', async () => {
  const page = await browser.open(`${collector.url}/#/map?service=browser`);
  await page.waitForSelector('.node');
  expect(await page.locator('.node .name').allTextContents()).toEqual(
    expect.arrayContaining(['browser', 'gateway', 'orders', 'postgresql shop']),
  );
  expect(await page.locator('.edge text').allTextContents()).toContain('120× · 500 µs');
  await page.getByRole('link', { name: 'Traces of gateway' }).click();
  await page.waitForSelector('td.name a');
  expect(page.url()).toContain('service=gateway');
});

test('two traces are compared', async () => {
  const page = await browser.open(`${collector.url}/#/?service=browser`);
  await page.waitForSelector('td.name a');
  for (const index of [1, 2]) await page.locator('td input[type=checkbox]').nth(index).check();
  await page.getByRole('link', { name: 'Compare the two' }).click();
  await page.waitForSelector('.difference tbody tr');
  const [root, , , , queries] = await page.locator('.difference tbody tr').allTextContents();
  expect(root).toContain('GET browser100 ms500 ms+400 %');
  expect(queries).toContain('SELECT stock orders40× 20.0 ms40× 20.0 mssame');
});

test('two sets of traces are compared', async () => {
  const page = await browser.open(`${collector.url}/#/?service=browser&maxDurationMs=100`);
  await page.getByRole('button', { name: 'Set as before' }).click();
  await page.getByLabel('Max. ms').fill('');
  await page.getByLabel('Min. ms').fill('101');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Compare with before' }).click();
  await page.waitForSelector('.difference tbody tr');
  const [first] = await page.locator('.difference tbody tr').allTextContents();
  expect(first).toContain('GET browser CLI1 → 2100 ms → 200 ms+100 %');
});

test.each(['light', 'dark'] as const)(
  'nothing overflows 360 pixels, in the %s theme',
  async (colorScheme) => {
    const viewport = { width: 360, height: 700 };
    for (const address of [
      '#/',
      `#/trace/${id(3)}?span=${'2'.padStart(16, '0')}`,
      '#/map',
      `#/compare/${id(1)}/${id(2)}`,
    ]) {
      const page = await browser.open(`${collector.url}/${address}`, { viewport, colorScheme });
      await page.waitForSelector('td, .line');
      expect([address, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([
        address,
        360,
      ]);
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(ground).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(13, 17, 23)');
    }
  },
);
