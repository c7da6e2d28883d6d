// Draws the pictures of the page in docs/images, light and dark: node packages/viewer/test/page/screenshots.mjs
import { fileURLToPath } from 'node:url';
import { startCollector } from '@clew/viewer';
import { ORDER, sketch, TRACE_ID } from '../sample-trace.ts';
import { startBrowser } from './browser.ts';

const images = fileURLToPath(new URL('../../../../docs/images/', import.meta.url));
const VIEWS = { list: '', trace: `trace/${TRACE_ID}?span=00000000000000a1`, map: 'map' };

const collector = await startCollector({ port: 0, page: true });
const browser = await startBrowser();
try {
  for (let number = 1; number <= 60; number++) collector.store.add(similar(number));
  collector.store.add(ORDER.spans);
  for (const [name, view] of Object.entries(VIEWS))
    for (const colorScheme of ['light', 'dark']) {
      const viewport = { width: 1100, height: name === 'map' ? 520 : 640 };
      const page = await browser.open(`${collector.url}/#/${view}`, { viewport, colorScheme });
      await page.waitForSelector('td, .line, .node');
      await page.screenshot({ path: `${images}page-${name}-${colorScheme}.png` });
    }
} finally {
  await browser.close();
  await collector.close();
}

/** A trace like the sample, at another time and speed. */
function similar(number) {
  const slow = 0.5 + ((number * 37) % 61) / 20;
  const traceId = number.toString(16).padStart(32, '5');
  const later = BigInt(number) * 2_000_000_000n - 130_000_000_000n;
  const { spans } = ORDER;
  const start = spans[0].startTimeUnixNano;
  const moved = (time) => start + later + BigInt(Math.round(Number(time - start) * slow));
  return sketch([], traceId).spans.concat(
    spans.map((span) => ({
      ...span,
      traceId,
      startTimeUnixNano: moved(span.startTimeUnixNano),
      endTimeUnixNano: moved(span.endTimeUnixNano),
      ...(number % 7 !== 0 && {
        status: { code: 'UNSET', message: '' },
        events: [],
        attributes: {
          ...span.attributes,
          ...(span.kind === 'SERVER' && { 'http.response.status_code': 201 }),
        },
      }),
    })),
  );
}
