import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits, and returns what other processes used of the machine in that time, in cores: CPU time of all processes, and
 * on Linux the time that a hypervisor gave to other machines.
 *
 * @param {number} ms
 * @returns {Promise<{ othersBusy: number }>}
 */
export async function sampleMachine(ms) {
  const [before, begin] = [busyMs(), performance.now()];
  await sleep(ms);
  return { othersBusy: (busyMs() - before) / (performance.now() - begin) };
}

function busyMs() {
  let busy = stolenMs();
  for (const { times } of cpus()) busy += times.user + times.nice + times.sys + times.irq;
  return busy;
}

/** The eighth figure of /proc/stat is the stolen time, in hundredths of a second (proc(5)). */
function stolenMs() {
  if (process.platform !== 'linux') return 0;
  const [all] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  return Number(all.split(/\s+/)[8]) * 10;
}
