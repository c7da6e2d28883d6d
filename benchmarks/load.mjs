// The load generator: keeps a number of connections busy with one request after another (no pipelining), then waits
// for the outstanding responses, so that requests and spans can be compared exactly. Written for speed on bare
// sockets, because on a machine with few cores its CPU time is taken from the measured server.
//
// It polls instead of sleeping: waking a process costs the writer several µs (above all in a virtual machine), and
// a generator that waits for a slow server would slow it down further.
import { connect } from 'node:net';
import serveCalls from './serve-calls.cjs';

const endOfHead = Buffer.from('\r\n\r\n');

serveCalls({
  async run({ port, path, connections, seconds }) {
    let done = false;
    const stayAwake = () => done || setImmediate(stayAwake);
    stayAwake();
    const request = Buffer.from(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: clew-bench\r\n\r\n`,
    );
    const begin = performance.now();
    const end = begin + seconds * 1000;
    const one = () => keepBusy({ port, request, end });
    const results = await Promise.all(Array.from({ length: connections }, one)).finally(() => {
      done = true;
    });
    const sum = (key) => results.reduce((total, result) => total + result[key], 0);
    return {
      requests: sum('requests'),
      failures: sum('failures'),
      seconds: (performance.now() - begin) / 1000,
    };
  },
});

function keepBusy({ port, request, end }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let rest = Buffer.alloc(0);
    let requests = 0;
    let failures = 0;
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const response = readResponse(rest);
      if (!response) return;
      rest = rest.subarray(response.length);
      requests++;
      if (response.status !== '200') failures++;
      if (performance.now() < end) return socket.write(request);
      socket.end();
      resolve({ requests, failures });
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed a connection')));
  });
}

/** Returns the first complete response in the bytes; `undefined` while it is incomplete. */
function readResponse(bytes) {
  const head = bytes.indexOf(endOfHead);
  if (head < 0) return undefined;
  const text = bytes.latin1Slice(0, head);
  const bodyLength = /content-length: (\d+)/i.exec(text)?.[1];
  if (bodyLength === undefined) throw new Error(`the load generator needs a content-length:\n${text}`);
  const length = head + endOfHead.length + Number(bodyLength);
  return bytes.length < length ? undefined : { length, status: text.slice(9, 12) };
}
