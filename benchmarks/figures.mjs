import { programs } from './programs.mjs';
import { spansOf, variants } from './variants.mjs';

/** @typedef {{ median: number, min: number, max: number }} Figure */

/** Returns median and extremes of one figure over the rounds. */
export function figure(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1] };
}

/**
 * Summarizes the rounds of one program: each round of a variant is compared with the same round of the bare
 * program.
 *
 * @param {Record<string, import('./harness.mjs').Measured>} measured by variant; `bare` among them
 */
export function summarise(measured) {
  const bare = measured.bare.samples;
  const summaries = Object.entries(measured).map(([variant, { samples, received, requests, rss, heap }]) => [
    variant,
    {
      cpuUs: figure(samples.map(({ cpuUs }) => cpuUs)),
      addedUs: figure(samples.map(({ cpuUs }, round) => cpuUs - bare[round].cpuUs)),
      perSecond: figure(samples.map(({ perSecond }) => perSecond)),
      kept: figure(samples.map(({ perSecond }, round) => perSecond / bare[round].perSecond)),
      spansPerRequest: received.spans / requests,
      attributesPerSpan: received.attributes / received.spans || 0,
      bytesPerSpan: received.bytes / received.spans || 0,
      rssMb: rss / 1e6,
      heapMb: heap / 1e6,
      requests,
    },
  ]);
  return withRatios(Object.fromEntries(summaries));
}

/** `ratio`: the CPU added by a variant, divided by the CPU added by the variant it is compared with. */
function withRatios(summaries) {
  for (const [variant, summary] of Object.entries(summaries)) {
    const other = summaries[variants[variant].than];
    if (other?.addedUs.median > 0) summary.ratio = summary.addedUs.median / other.addedUs.median;
  }
  return summaries;
}

/** Returns a sentence for each invalid result: lost or additional spans, failed requests. */
export function faults(program, measured) {
  const found = [];
  for (const [variant, { requests, failures, received }] of Object.entries(measured)) {
    const expected = spansOf(programs[program], variant, requests);
    if (received.spans !== expected) {
      found.push(
        `${program}, ${variant}: ${received.spans} spans arrived of ${requests} requests, not ${expected}`,
      );
    }
    const { failEvery = Number.POSITIVE_INFINITY } = programs[program];
    if (failures !== Math.floor(requests / failEvery))
      found.push(`${program}, ${variant}: ${failures} of ${requests} requests failed`);
    if (requests === 0) found.push(`${program}, ${variant}: no request was served`);
  }
  return found;
}
