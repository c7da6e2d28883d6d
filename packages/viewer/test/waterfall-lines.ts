import type { Trace } from '../src/span-record.ts';
import { renderWaterfall } from '../src/waterfall.ts';
import { type SpanSketch, sketch } from './sample-trace.ts';

/** The lines below the axis: spans, errors, notes. */
export function waterfallLines(trace: Trace, options: Parameters<typeof renderWaterfall>[1] = {}): string[] {
  const lines = renderWaterfall(trace, options).split('\n');
  return lines.slice(lines.findIndex((line) => /^ +[├|][─-]/.test(line)) + 1, -1);
}

/** These lines without services, kinds and bars. */
export function waterfallNames(spans: readonly SpanSketch[]): string[] {
  return waterfallLines(sketch(spans)).map((line) => line.replace(/(\S) {2,}.*$/, '$1'));
}
