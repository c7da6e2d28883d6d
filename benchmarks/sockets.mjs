import { connect } from 'node:net';

const endOfHead = Buffer.from('\r\n\r\n');

/**
 * Opens connections to an HTTP server of this machine. Each carries one request at a time (no pipelining):
 * `send(request, onResponse)` calls `onResponse(status)` with the status as a string, or `onResponse(undefined, error)`.
 *
 * @param {number} port
 * @param {number} count
 */
export function openSockets(port, count) {
  return Promise.all(Array.from({ length: count }, () => open(port)));
}

function open(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let rest = Buffer.alloc(0);
    let waiting;
    const respond = (status, error) => {
      const onResponse = waiting;
      waiting = undefined;
      onResponse?.(status, error);
    };
    socket.on('data', (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const response = readResponse(rest);
      if (!response) return;
      rest = rest.subarray(response.length);
      respond(response.status);
    });
    socket.on('error', (error) => {
      respond(undefined, error);
      reject(error);
    });
    socket.on('close', () => respond(undefined, new Error('the server closed a connection')));
    socket.on('connect', () =>
      resolve({
        isOpen: () => !socket.destroyed,
        send(request, onResponse) {
          waiting = onResponse;
          socket.write(request);
        },
      }),
    );
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
