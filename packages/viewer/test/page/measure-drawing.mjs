// Measures how fast Chromium draws and scrolls large traces: node packages/viewer/test/page/measure-drawing.mjs
import { startCollector } from '@clew/viewer';
import { sketch } from '../sample-trace.ts';
import { startBrowser } from './browser.ts';

const FRAMES = 300;

const collector = await startCollector({ port: 0, page: true });
const browser = await startBrowser();
try {
  for (const spans of [10_000, 50_000]) {
    const traceId = spans.toString(16).padStart(32, '5');
    // No two siblings are equal, so that nothing is folded.
    const sketches = Array.from({ length: spans }, (_, index) => ({
      id: (index + 1).toString(16),
      ...(index > 0 && { parent: (Math.floor(index / 8) + 1).toString(16) }),
      name: `work ${index}`,
      at: index / 10,
      ms: (spans - index) / 10,
    }));
    collector.store.add(sketch(sketches, traceId).spans);
    const page = await browser.open('about:blank');
    const begin = performance.now();
    await page.goto(`${collector.url}/#/trace/${traceId}`);
    await page.waitForSelector('.line');
    const drawnMs = performance.now() - begin;
    const frames = await page.evaluate(scroll, FRAMES);
    frames.sort((a, b) => a - b);
    const at = (share) => frames[Math.floor(share * frames.length)].toFixed(1);
    console.log(
      `${spans} spans: drawn after ${drawnMs.toFixed(0)} ms; frames while scrolling: median ${at(0.5)} ms, p99 ${at(0.99)} ms`,
    );
    await browser.closePages();
  }
} finally {
  await browser.close();
  await collector.close();
}

/** Runs in the page: scrolls through the whole trace, and resolves to the milliseconds between frames. */
async function scroll(count) {
  const scroller = [...document.querySelectorAll('*')].find(
    (element) => element.scrollHeight > element.clientHeight + 1000 && element.querySelector('.line'),
  );
  const step = (scroller.scrollHeight - scroller.clientHeight) / count;
  const nextFrame = () => new Promise(requestAnimationFrame);
  const frames = [];
  let previous = await nextFrame();
  for (let frame = 0; frame < count; frame++) {
    scroller.scrollTop += step;
    const now = await nextFrame();
    frames.push(now - previous);
    previous = now;
  }
  return frames;
}
