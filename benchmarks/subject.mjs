import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './children.mjs';
import { programs } from './programs.mjs';
import { spansOf, variants } from './variants.mjs';

/**
 * One short measurement. `userUs` and `systemUs` are the process's CPU time until its next slice begins, so that
 * they include what its exporter does after the load.
 *
 * @typedef {{ requests: number, seconds: number, userUs: number, systemUs: number }} Slice
 */

/** One application with one variant: a process under load, and its measurements. */
export class Subject {
  #program;
  #settings;
  #surroundings;
  #sinkName;
  #server;
  #port;
  #slices = [];
  #cpu;
  #requests = 0;
  #failures = 0;
  #rss = 0;
  #setUp = { spans: 0, attributes: 0, bytes: 0, batches: 0 };

  /**
   * @param {string} program
   * @param {string} variant
   * @param {number} process the number of the process: each has a count of its own at the sink
   * @param {import('./harness.mjs').Settings} settings
   * @param {Awaited<ReturnType<typeof import('./harness.mjs').startSurroundings>>} surroundings
   */
  constructor(program, variant, process, settings, surroundings) {
    this.variant = variant;
    this.#program = programs[program];
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#sinkName = `${program}/${variant}/${process}`;
    this.#server = startChild('server.cjs', {
      label: variant,
      command: surroundings.commands[variant],
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

  /** Work before the first request, such as filling tables, is not counted. */
  async forgetSetUp() {
    this.#setUp = await this.#surroundings.sink.call('counts', this.#sinkName);
  }

  /** Until the compiler has optimized the code: a process costs several times more at its start. */
  async warmUp() {
    const { warmUpRequests, warmUpSeconds, sliceSeconds } = this.#settings;
    const end = performance.now() + warmUpSeconds * 1000;
    do await this.#load(sliceSeconds);
    while (this.#requests < warmUpRequests && performance.now() < end);
  }

  /**
   * @param {number} duration in seconds
   * @param {number} [perSecond] the rate; as many as possible by default
   */
  async measure(duration, perSecond) {
    await this.#closeSlice();
    const { requests, seconds } = await this.#load(duration, perSecond);
    this.#slices.push({ requests, seconds });
    this.#rss = Math.max(this.#rss, await this.#server.call('rss'));
  }

  /** Ends a phase: waits for the export, and returns the slices since the last call. */
  async endPhase() {
    await this.#delivered();
    await this.#closeSlice();
    this.#cpu = undefined;
    return this.#slices.splice(0);
  }

  async finish() {
    return {
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

  /** Adds the CPU time since the last slice began to it. */
  async #closeSlice() {
    const now = await this.#server.call('cpu');
    const last = this.#slices.at(-1);
    if (last) {
      last.userUs = now.user - this.#cpu.user;
      last.systemUs = now.system - this.#cpu.system;
    }
    this.#cpu = now;
  }

  async #load(seconds, perSecond) {
    const { load, path, inFlight } = this.#program;
    const { connections } = this.#settings;
    const done =
      load === 'inside'
        ? await this.#server.call('drive', { inFlight, seconds, perSecond })
        : await this.#surroundings.load.call('run', {
            port: this.#port,
            path,
            connections,
            seconds,
            perSecond,
          });
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
