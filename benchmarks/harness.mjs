import { setTimeout as sleep } from 'node:timers/promises';
import { rabbitmq } from '../integration-tests/services/rabbitmq.ts';
import { startChild } from './children.mjs';
import { median } from './estimate.mjs';
import { sampleMachine } from './machine-load.mjs';
import { programs } from './programs.mjs';
import { findServices } from './services.mjs';
import { Subject } from './subject.mjs';

/**
 * - `processes`: how many processes of each variant are measured, one after another.
 * - `warmUpRequests`: how many requests a process serves before, in at most `warmUpSeconds`.
 * - `slices`: how many slices of `sliceSeconds` each has when saturated.
 * - `steadySlices`: how many it has in the steady phase. These are as long as the delay of an export: in a shorter
 *   one, a request would have more exports than in a service without pauses.
 * - `share`: the rate of the steady phase, as a share of what the bare application can do.
 *
 * @typedef {{ processes: number, slices: number, sliceSeconds: number, steadySlices: number, share: number,
 *   warmUpRequests: number, warmUpSeconds: number, connections: number, scheduleDelayMs: number }} Settings
 * @typedef {import('./subject.mjs').Slice} Slice
 * @typedef {{ saturated: Slice[], steady: Slice[], requests: number, failures: number, rss: number, heap: number,
 *   received: { spans: number, attributes: number, bytes: number, batches: number } }} Measured one process
 * @typedef {{ perSecond: number, othersBusy: number[], variants: Record<string, Measured[]> }} Run
 *   `perSecond`: the rate of the steady phase. `othersBusy`: the cores that other processes used before each
 *   group of processes was started.
 */

/**
 * Starts the shared processes: the load generator, the sink, the untraced peer, a broker and databases if
 * applications need them.
 *
 * @param {string[]} names the applications
 */
export async function startSurroundings(names) {
  const load = startChild('load.mjs');
  const sink = startChild('sink.mjs');
  const peer = startChild('peer.mjs');
  let broker;
  let services;
  const stop = () => Promise.all([load, sink, peer, broker, services].map((each) => each?.stop()));
  try {
    const [sinkPort, peerPort] = await Promise.all([sink.call('start'), peer.call('start')]);
    if (names.some((program) => programs[program].broker)) broker = await rabbitmq();
    services = await findServices(names.map((program) => programs[program].service));
    return { load, sink, sinkPort, peerPort, amqpUrl: broker?.url, serviceUrls: services.urls, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Measures one application with each variant: groups of one process a variant, one group after another.
 *
 * @param {string} program
 * @param {string[]} names of the variants; `bare` among them
 * @param {Settings} settings
 * @param {Awaited<ReturnType<typeof startSurroundings>>} surroundings
 * @param {(step: string) => void} progress
 * @returns {Promise<Run>}
 */
export async function measureProgram(program, names, settings, surroundings, progress) {
  /** @type {Run} */
  const run = { perSecond: 0, othersBusy: [], variants: Object.fromEntries(names.map((name) => [name, []])) };
  for (let process = 1; process <= settings.processes; process++) {
    const tell = (step) => progress(`process ${process} of ${settings.processes}, ${step}`);
    const { othersBusy } = await sampleMachine(settings.scheduleDelayMs);
    run.othersBusy.push(othersBusy);
    await measureGroup({ program, names, process, settings, surroundings, tell, run });
  }
  return run;
}

/** The slices of the variants alternate, in a random order, so that other activity of the machine affects all. */
async function measureGroup({ program, names, process, settings, surroundings, tell, run }) {
  const subjects = names.map((name) => new Subject(program, name, process, settings, surroundings));
  const all = (call) => Promise.all(subjects.map(call));
  const phase = async (name, { slices, seconds, perSecond }) => {
    for (let slice = 1; slice <= slices; slice++) {
      tell(`${name}, slice ${slice} of ${slices}`);
      for (const subject of shuffled(subjects)) await subject.measure(seconds, perSecond);
    }
    return all((subject) => subject.endPhase());
  };
  try {
    tell('starting');
    await all((subject) => subject.start());
    await sleep(settings.scheduleDelayMs * 2 + 200);
    await all((subject) => subject.forgetSetUp());
    for (const subject of subjects) {
      tell(`warming up ${subject.variant}`);
      await subject.warmUp();
    }
    await all((subject) => subject.endPhase());
    const saturated = await phase('saturated', { slices: settings.slices, seconds: settings.sliceSeconds });
    run.perSecond ||= settings.share * capacity(saturated[names.indexOf('bare')]);
    const steady = await phase('steady', {
      slices: settings.steadySlices,
      seconds: settings.scheduleDelayMs / 1000,
      perSecond: run.perSecond,
    });
    // Spans that should not exist may still be queued.
    await sleep(settings.scheduleDelayMs + 50);
    for (const [index, subject] of subjects.entries()) {
      const phases = { saturated: saturated[index], steady: steady[index] };
      run.variants[subject.variant].push({ ...phases, ...(await subject.finish()) });
    }
  } finally {
    await all((subject) => subject.stop());
  }
}

/** The requests a second that an application can serve. */
function capacity(slices) {
  return median(slices.map(({ requests, seconds }) => requests / seconds));
}

function shuffled(list) {
  const rest = [...list];
  return list.map(() => rest.splice(Math.floor(Math.random() * rest.length), 1)[0]);
}
