// Runs one application in a separate process: node [flags] server.cjs NAME. Contains no tracing code, nor do the
// applications.
const { setTimeout: sleep } = require('node:timers/promises');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const serveCalls = require('./serve-calls.cjs');

let started;

serveCalls({
  /** Resolves to the port of a server; to `undefined` for an application that is driven from inside. */
  async start() {
    started = await require(`./programs/${process.argv[2]}.cjs`).start();
    return typeof started === 'number' ? started : undefined;
  },

  /**
   * Calls the unit of work for this many seconds, at most `inFlight` at a time: `perSecond` of them, or as many as
   * possible.
   */
  async drive({ inFlight, seconds, perSecond }) {
    const begin = performance.now();
    const requests =
      perSecond === undefined
        ? await saturate(inFlight, begin + seconds * 1000)
        : await holdRate(inFlight, Math.max(1, Math.round(seconds * perSecond)), perSecond / 1000);
    return { requests, seconds: (performance.now() - begin) / 1000, failures: 0 };
  },

  /** The CPU time of all threads of this process so far, in µs. */
  cpu: () => process.cpuUsage(),

  rss: () => process.memoryUsage.rss(),

  /** The reachable bytes of the heap. */
  heap() {
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    return process.memoryUsage().heapUsed;
  },
});

async function saturate(inFlight, end) {
  let units = 0;
  const loop = async () => {
    while (performance.now() < end) {
      await started();
      units++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return units;
}

/** Looks at the clock each millisecond and starts what is due: a timer is shared by few units of work. */
async function holdRate(inFlight, count, perMs) {
  const begin = performance.now();
  const running = new Set();
  for (let sent = 0; sent < count; await sleep(1)) {
    while (sent < count && running.size < inFlight && begin + sent / perMs <= performance.now()) {
      sent++;
      const unit = started().then(() => running.delete(unit));
      running.add(unit);
    }
  }
  await Promise.all(running);
  return count;
}
