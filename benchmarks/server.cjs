// Runs one program in a process of its own: node [flags] server.cjs PROGRAM. No tracing code here or in the program.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const answer = require('./answer.cjs');

let started;

answer({
  /** Resolves to the port of a program that serves, to undefined for one that is driven from inside. */
  async start() {
    started = await require(`./programs/${process.argv[2]}.cjs`).start();
    return typeof started === 'number' ? started : undefined;
  },

  /** Calls the program's unit of work for so many seconds, `inFlight` at a time. */
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

  /** CPU of the whole process so far, in µs: garbage collection and export included. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },

  rss: () => process.memoryUsage.rss(),

  /** Bytes of the heap that are still reachable. */
  heap() {
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    return process.memoryUsage().heapUsed;
  },
});
