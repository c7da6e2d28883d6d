// The load generator. It saturates a server (each connection sends its next request after a response) or holds a rate
// (requests are sent at fixed times). Both wait for the outstanding responses, so that requests and spans can be
// compared exactly. It uses plain sockets, because on a machine with few cores its CPU time is taken from the server.
//
// It polls instead of sleeping: waking a process costs the writer several µs (above all in a virtual machine), and
// a generator that waits for a slow server would slow it down further.
import serveCalls from './serve-calls.cjs';
import { openSockets } from './sockets.mjs';

const pools = new Map();

serveCalls({
  /**
   * Sends requests for so many seconds: `perSecond` of them, or as many as the server can serve.
   * Resolves to the numbers of requests and failures, and to the time until the last response, in seconds.
   */
  async run({ port, path, connections, seconds, perSecond }) {
    const pool = await poolOf(port, connections);
    const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: clew-bench\r\n\r\n`;
    const request = Buffer.from(head);
    const begin = performance.now();
    const tally =
      perSecond === undefined
        ? await saturate(pool, request, begin + seconds * 1000)
        : await holdRate(pool, request, requestsIn(seconds, perSecond), perSecond / 1000);
    return { ...tally, seconds: (performance.now() - begin) / 1000 };
  },
});

/** Connections stay open between the slices of a measurement, as those of a proxy do. */
async function poolOf(port, size) {
  let pool = pools.get(port);
  if (pool?.every((socket) => socket.isOpen())) return pool;
  pool = await openSockets(port, size);
  pools.set(port, pool);
  return pool;
}

function saturate(pool, request, end) {
  const tally = { requests: 0, failures: 0 };
  let busy = pool.length;
  return untilDone((done, failed) => {
    for (const socket of pool) {
      const onResponse = (status, error) => {
        if (error) return failed(error);
        tally.requests++;
        if (status !== '200') tally.failures++;
        if (performance.now() < end) socket.send(request, onResponse);
        else if (--busy === 0) done(tally);
      };
      socket.send(request, onResponse);
    }
  });
}

/** At least one: a slow application may serve less than one request in a slice. */
function requestsIn(seconds, perSecond) {
  return Math.max(1, Math.round(seconds * perSecond));
}

/** A request whose time has come waits if all connections are in use: the rate is then not held. */
function holdRate(pool, request, count, perMs) {
  const tally = { requests: 0, failures: 0 };
  const idle = [...pool];
  const begin = performance.now();
  let sent = 0;
  return untilDone((done, failed) => {
    const send = (socket) =>
      socket.send(request, (status, error) => {
        if (error) return failed(error);
        idle.push(socket);
        if (status !== '200') tally.failures++;
        if (++tally.requests === count) done(tally);
      });
    return () => {
      while (sent < count && idle.length > 0 && begin + sent / perMs <= performance.now()) {
        sent++;
        send(idle.pop());
      }
    };
  });
}

/** Runs `start`, then polls (and calls what `start` returned) until it calls `done` or `failed`. */
function untilDone(start) {
  return new Promise((resolve, reject) => {
    let ended = false;
    const end = (settle) => (value) => {
      ended = true;
      settle(value);
    };
    const turn = start(end(resolve), end(reject));
    const poll = () => {
      if (ended) return;
      turn?.();
      setImmediate(poll);
    };
    poll();
  });
}
