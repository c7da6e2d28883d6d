import { connect } from 'node:net';

/** Sends raw bytes, because an HTTP client would reject some of the headers. Returns the whole response. */
export function sendRaw(port: number, target: string, headers: readonly string[]): Promise<string> {
  const text = [`GET ${target} HTTP/1.1`, 'host: shop', ...headers, 'connection: close', '', ''].join('\r\n');
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('end', () => resolve(received));
    socket.on('error', reject);
  });
}
