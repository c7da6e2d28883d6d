// Runs one program in a separate process: node [flags] server.cjs PROGRAM. Contains no tracing code, nor do the
// programs.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const serveCalls = require('./serve-calls.cjs');

let started;

serveCalls({
  /** Resolves to the port of a program that serves; to `undefined` for one that is driven from inside. */
  async start() {
    started = await require(`./programs/${process.argv[2]}.cjs`).start();
    return typeof started === 'number' ? started : undefined;
  },

  /** Calls the program's unit of work for this many seconds, `inFlight` at a time. */
  async drive({ inFlight, seconds }) {
    const begin = performance.now();
    const end = begin + seconds * 1000;
    let requests = 0;
    const loop = async () => {
      while (performance.now() < end) {
        await started();
        requests++;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, loop));
    return { requests, seconds: (performance.now() - begin) / 1000, failures: 0 };
  },

  /** The process's CPU time so far, in µs, including garbage collection and export. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },

  rss: () => process.memoryUsage.rss(),

  /** The reachable bytes of the heap. */
  heap() {
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    return process.memoryUsage().heapUsed;
  },
});
