/**
 * Compares a run with the project's performance goals, for information: no run fails because of them. A goal holds
 * if its whole confidence interval is within the limit; it is missed if the whole interval is above it.
 *
 * @typedef {{ goal: string, measured: import('./estimate.mjs').Estimate, limit: number, unit: string,
 *   verdict: 'holds' | 'missed' | 'unclear' }} Goal
 * @param {{ programs?: Record<string, { variants: Record<string, import('./figures.mjs').Summary> }>, preload?: any,
 *   size?: any }} results
 * @returns {Goal[]}
 */
export function goals({ programs = {}, preload, size }) {
  const found = [];
  const add = (goal, measured, limit, unit) => {
    if (!Number.isFinite(measured?.value)) return;
    found.push({ goal, measured, limit, unit, verdict: verdictOf(measured, limit) });
  };
  const exactly = (value) => ({ value, low: value, high: value });
  for (const [program, { variants }] of Object.entries(programs)) addProgram(add, program, variants);
  const start = preload?.['clew-five-plugins'];
  if (start) {
    add('preload, five plugins: start-up time, times bare', start.timesBare, START_TIMES_BARE, '');
    add('preload, five plugins: memory added', start.addedRssMb, 12, 'MB');
  }
  if (size?.clew) {
    add('installed: size', exactly(size.clew.mb), 10, 'MB');
    add('installed: packages', exactly(size.clew.packages), 15, '');
  }
  return found;
}

/** 40 ms are added on a machine on which an empty application takes 28 ms. */
const START_TIMES_BARE = 2.43;
const UNSAMPLED_US = { http: 3, express: 5, koa: 5 };

function addProgram(add, program, summaries) {
  const {
    clew,
    'clew-layers': layers,
    'clew-unsampled': unsampled,
    'clew-no-receiver': noReceiver,
  } = summaries;
  for (const phase of ['saturated', 'steady']) {
    const ratio = (summary) => summary?.[phase].ratio;
    if (layers) {
      add(`${program}, ${phase}, all layers: CPU added, of OpenTelemetry's`, ratio(layers), 0.1, '');
      add(`${program}, ${phase}, default layers: CPU added, of OpenTelemetry's`, ratio(clew), 0.05, '');
    } else add(`${program}, ${phase}: CPU added, of OpenTelemetry's`, ratio(clew), 0.1, '');
    const limit = UNSAMPLED_US[program];
    if (limit)
      add(`${program}, ${phase}, nothing sampled: CPU added`, unsampled?.[phase].addedUs, limit, 'µs');
  }
  const most = layers ?? clew;
  add(`${program}: memory over bare`, most?.addedRssMb, 20, 'MB');
  add(`${program}, no receiver: memory over bare`, noReceiver?.addedRssMb, 20, 'MB');
}

function verdictOf({ low, high }, limit) {
  if (high <= limit) return 'holds';
  return low > limit ? 'missed' : 'unclear';
}
