import { setTimeout as sleep } from 'node:timers/promises';
import { rabbitmq } from '../integration-tests/services/rabbitmq.ts';
import { startChild } from './children.mjs';
import { programs } from './programs.mjs';
import { findServices } from './services.mjs';
import { spansOf, variants } from './variants.mjs';

/**
 * @typedef {{ rounds: number, seconds: number, warmUpSeconds: number, connections: number,
 *   scheduleDelayMs: number }} Settings
 * @typedef {{ requests: number, cpuUs: number, perSecond: number }} Sample  One round; `cpuUs` is a request's.
 * @typedef {{ samples: Sample[], requests: number, failures: number, rss: number, heap: number,
 *   received: { spans: number, attributes: number, bytes: number, batches: number } }} Measured
 */

/**
 * Starts the shared processes: the load generator, the sink, the untraced peer, a broker and databases if
 * programs need them.
 *
 * @param {string[]} names the programs
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
 * Measures one program with each variant. Each variant is a separate process, warmed up once; each round then
 * measures all of them in turn, so that other activity of the machine affects all equally.
 *
 * @param {string} program
 * @param {string[]} names of the variants
 * @param {Settings} settings
 * @param {Awaited<ReturnType<typeof startSurroundings>>} surroundings
 * @param {(step: string) => void} progress
 * @returns {Promise<Record<string, Measured>>}
 */
export async function measureProgram(program, names, settings, surroundings, progress) {
  const subjects = names.map((name) => new Subject(program, name, settings, surroundings));
  try {
    progress('starting');
    await Promise.all(subjects.map((subject) => subject.start()));
    // Work before the first request, such as filling tables, is not counted.
    await sleep(settings.scheduleDelayMs * 2 + 200);
    await Promise.all(subjects.map((subject) => subject.forgetSetUp()));
    for (const subject of subjects) {
      progress(`warming up ${subject.variant}`);
      await subject.warmUp();
    }
    for (let round = 1; round <= settings.rounds; round++) {
      for (const subject of rotated(subjects, round)) {
        progress(`round ${round} of ${settings.rounds}: ${subject.variant}`);
        await subject.measure();
      }
    }
    progress('counting');
    // Unwanted spans may still be queued.
    await sleep(settings.scheduleDelayMs + 50);
    const finished = await Promise.all(subjects.map((subject) => subject.finish()));
    return Object.fromEntries(finished.map((measured, index) => [names[index], measured]));
  } finally {
    await Promise.all(subjects.map((subject) => subject.stop()));
  }
}

/** Rotates the order, so that no variant is always the first of a round. */
function rotated(list, by) {
  return list.map((_, index) => list[(index + by) % list.length]);
}

/** One program with one variant: a process under load, and its measurements. */
class Subject {
  #program;
  #settings;
  #surroundings;
  #sinkName;
  #server;
  #port;
  #samples = [];
  #requests = 0;
  #failures = 0;
  #rss = 0;
  #setUp = { spans: 0, attributes: 0, bytes: 0, batches: 0 };

  constructor(program, variant, settings, surroundings) {
    this.variant = variant;
    this.#program = programs[program];
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#sinkName = `${program}/${variant}`;
    this.#server = startChild('server.cjs', {
      label: variant,
      args: [program],
      flags: variants[variant].flags,
      env: {
        OTEL_SERVICE_NAME: 'bench',
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${surroundings.sinkPort}/${this.#sinkName}`,
        OTEL_BSP_SCHEDULE_DELAY: String(settings.scheduleDelayMs),
        BENCH_PEER_PORT: String(surroundings.peerPort),
        ...(this.#program.broker && { BENCH_AMQP_URL: surroundings.amqpUrl }),
        ...(this.#program.service && {
          BENCH_SERVICE_URL: surroundings.serviceUrls[this.#program.service],
        }),
        ...variants[variant].env,
      },
    });
  }

  async start() {
    this.#port = await this.#server.call('start');
  }

  async forgetSetUp() {
    this.#setUp = await this.#surroundings.sink.call('counts', this.#sinkName);
  }

  async warmUp() {
    await this.#load(this.#settings.warmUpSeconds);
    await this.#delivered();
  }

  async measure() {
    const before = await this.#server.call('cpu');
    const { requests, seconds } = await this.#load(this.#settings.seconds);
    this.#rss = Math.max(this.#rss, await this.#server.call('rss'));
    await this.#delivered();
    const after = await this.#server.call('cpu');
    this.#samples.push({ requests, cpuUs: (after - before) / requests, perSecond: requests / seconds });
  }

  async finish() {
    return {
      samples: this.#samples,
      requests: this.#requests,
      failures: this.#failures,
      rss: this.#rss,
      heap: await this.#server.call('heap'),
      received: await this.#received(),
    };
  }

  stop() {
    return this.#server.stop();
  }

  async #load(seconds) {
    const { load, path, inFlight } = this.#program;
    const { connections } = this.#settings;
    const done =
      load === 'inside'
        ? await this.#server.call('drive', { inFlight, seconds })
        : await this.#surroundings.load.call('run', { port: this.#port, path, connections, seconds });
    this.#requests += done.requests;
    this.#failures += done.failures;
    return done;
  }

  /** Waits until the sink has all spans so far, or has received none for longer than an exporter waits. */
  async #delivered() {
    const expected = spansOf(this.#program, this.variant, this.#requests);
    const patienceMs = this.#settings.scheduleDelayMs * 2 + 1000;
    let { spans } = await this.#received();
    let since = performance.now();
    while (spans < expected && performance.now() - since < patienceMs) {
      await sleep(20);
      const now = await this.#received();
      if (now.spans !== spans) since = performance.now();
      spans = now.spans;
    }
  }

  async #received() {
    const all = await this.#surroundings.sink.call('counts', this.#sinkName);
    return Object.fromEntries(Object.entries(all).map(([name, count]) => [name, count - this.#setUp[name]]));
  }
}
