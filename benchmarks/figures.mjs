import { estimator, median } from './estimate.mjs';
import { programs } from './programs.mjs';
import { spansOf, variants } from './variants.mjs';

/** @typedef {import('./estimate.mjs').Estimate} Estimate */

/**
 * What one variant costs in one phase: µs of CPU time of a request. `added` is over the baseline (`bare`, or what the
 * variant names); `ratio` is the CPU added, divided by that of the variant it is compared with. `kept` is the rate,
 * divided by the baseline's.
 *
 * @typedef {{ cpuUs: Estimate, userUs: Estimate, systemUs: Estimate, addedUs: Estimate, addedUserUs: Estimate,
 *   addedSystemUs: Estimate, perSecond: Estimate, kept: Estimate, ratio?: Estimate }} Costs
 * @typedef {{ saturated: Costs, steady: Costs, spansPerRequest: number, attributesPerSpan: number,
 *   bytesPerSpan: number, rssMb: Estimate, addedRssMb: Estimate, heapMb: number, requests: number }} Summary
 */

/**
 * Summarizes the measurement of one application.
 *
 * @param {import('./harness.mjs').Run} run
 * @returns {{ perSecond: number, othersBusy: number[], variants: Record<string, Summary> }}
 */
export function summarise({ variants: measured, perSecond, othersBusy }) {
  const { saturated, steady } = measured.bare[0];
  const estimate = estimator(measured.bare.length, saturated.length);
  const estimateSteady = estimator(measured.bare.length, steady.length);
  const entries = Object.entries(measured).map(([variant, processes]) => {
    const rss = (name, draw) => draw.map(({ process }) => measured[name][process].rss / 1e6);
    return [
      variant,
      {
        saturated: costs(measured, variant, 'saturated', estimate),
        steady: costs(measured, variant, 'steady', estimateSteady),
        ...spanFigures(processes),
        rssMb: estimate((draw) => median(rss(variant, draw))),
        addedRssMb: estimate((draw) => median(minus(rss(variant, draw), rss(baselineOf(variant), draw)))),
        heapMb: median(processes.map(({ heap }) => heap / 1e6)),
      },
    ];
  });
  return { perSecond, othersBusy, variants: Object.fromEntries(entries) };
}

function costs(measured, variant, phase, estimate) {
  const of = (name, key, draw) =>
    draw.map(({ process, slices }) => total(measured[name][process][phase], slices)[key]);
  const base = baselineOf(variant);
  const own = (key) => estimate((draw) => median(of(variant, key, draw)));
  const added = (name, key, draw) => median(minus(of(name, key, draw), of(baselineOf(name), key, draw)));
  const { than } = variants[variant];
  const ratio = (draw) => added(variant, 'cpuUs', draw) / added(than, 'cpuUs', draw);
  const kept = (draw) => {
    const rates = of(base, 'perSecond', draw);
    return median(of(variant, 'perSecond', draw).map((rate, index) => rate / rates[index]));
  };
  return {
    cpuUs: own('cpuUs'),
    userUs: own('userUs'),
    systemUs: own('systemUs'),
    addedUs: estimate((draw) => added(variant, 'cpuUs', draw)),
    addedUserUs: estimate((draw) => added(variant, 'userUs', draw)),
    addedSystemUs: estimate((draw) => added(variant, 'systemUs', draw)),
    perSecond: own('perSecond'),
    kept: estimate(kept),
    ...(measured[than] && { ratio: estimate(ratio) }),
  };
}

/** The costs of a request in the chosen slices of one process. */
function total(phase, slices) {
  let [requests, seconds, userUs, systemUs] = [0, 0, 0, 0];
  for (const index of slices) {
    const slice = phase[index];
    requests += slice.requests;
    seconds += slice.seconds;
    userUs += slice.userUs;
    systemUs += slice.systemUs;
  }
  return {
    userUs: userUs / requests,
    systemUs: systemUs / requests,
    cpuUs: (userUs + systemUs) / requests,
    perSecond: requests / seconds,
  };
}

function spanFigures(processes) {
  const sum = (value) => processes.reduce((all, process) => all + value(process), 0);
  const requests = sum((process) => process.requests);
  const spans = sum(({ received }) => received.spans);
  return {
    requests,
    spansPerRequest: spans / requests,
    attributesPerSpan: sum(({ received }) => received.attributes) / spans || 0,
    bytesPerSpan: sum(({ received }) => received.bytes) / spans || 0,
  };
}

function baselineOf(variant) {
  return variants[variant].over ?? 'bare';
}

function minus(left, right) {
  return left.map((value, index) => value - right[index]);
}

/** Returns a sentence for each invalid result: lost or additional spans, failed requests. */
export function faults(program, { variants: measured }) {
  const found = [];
  const { failEvery = Number.POSITIVE_INFINITY } = programs[program];
  for (const [variant, processes] of Object.entries(measured)) {
    for (const { requests, failures, received } of processes) {
      const expected = spansOf(programs[program], variant, requests);
      if (received.spans !== expected) {
        found.push(
          `${program}, ${variant}: ${received.spans} spans arrived of ${requests} requests, not ${expected}`,
        );
      }
      if (failures !== Math.floor(requests / failEvery))
        found.push(`${program}, ${variant}: ${failures} of ${requests} requests failed`);
      if (requests === 0) found.push(`${program}, ${variant}: no request was served`);
    }
  }
  return found;
}
