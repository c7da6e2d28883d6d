import type http from 'node:http';
import type https from 'node:https';
import type { HttpClientAdapter } from '@clew/testing';

/** A suite's call with Node's own client. */
export function callWith(module: typeof http | typeof https): HttpClientAdapter['call'] {
  return ({ url, method = 'GET', headers = {}, signal, onAnswer, body = 'read' }) =>
    new Promise((resolve, reject) => {
      const options = { method, headers, rejectUnauthorized: false, ...(signal && { signal }) };
      const request = module.request(url, options, (response) => {
        onAnswer?.();
        const { statusCode: status = 0 } = response;
        if (body === 'discard') {
          response.destroy();
          resolve({ status, body: '' });
          return;
        }
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status, body: text }));
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end();
    });
}
