/**
 * Compares a run with the project's performance goals, for information: no run fails because of them.
 *
 * @param {{ programs?: Record<string, any>, preload?: any, size?: any }} results
 * @returns {{ goal: string, measured: number, limit: number, unit: string, holds: boolean }[]}
 */
export function goals({ programs = {}, preload, size }) {
  const found = [];
  const add = (goal, measured, limit, unit) => {
    if (Number.isFinite(measured)) found.push({ goal, measured, limit, unit, holds: measured <= limit });
  };
  for (const [program, summaries] of Object.entries(programs)) {
    const { bare, clew, 'clew-layers': layers, 'clew-unsampled': unsampled } = summaries;
    if (layers) {
      add(`${program}, all layers: CPU added, of OpenTelemetry's`, layers.ratio, 0.1, '');
      add(`${program}, default layers: CPU added, of OpenTelemetry's`, clew?.ratio, 0.05, '');
    } else add(`${program}: CPU added, of OpenTelemetry's`, clew?.ratio, 0.1, '');
    const unsampledUs = { http: 3, express: 5, koa: 5 }[program];
    if (unsampledUs)
      add(`${program}, nothing sampled: CPU added`, unsampled?.addedUs.median, unsampledUs, 'µs');
    const overUnsampled = (variant) => summaries[variant]?.addedUs.median - unsampled?.addedUs.median;
    add(`${program}, 1,000 policies: CPU over unsampled`, overUnsampled('clew-1000-policies'), 1, 'µs');
    add(`${program}, errors are kept: CPU over unsampled`, overUnsampled('clew-keep-errors'), 2, 'µs');
    const most = layers ?? clew;
    if (most) add(`${program}: memory over bare`, most.rssMb - bare.rssMb, 20, 'MB');
  }
  if (preload?.clew) {
    add('preload: time added', preload.clew.ms.median - preload.bare.ms.median, 40, 'ms');
    add('preload: memory added', preload.clew.rssMb.median - preload.bare.rssMb.median, 12, 'MB');
  }
  if (size?.clew) {
    add('installed: size', size.clew.mb, 10, 'MB');
    add('installed: packages', size.clew.packages, 15, '');
  }
  return found;
}
