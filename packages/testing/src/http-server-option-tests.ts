import assert from 'node:assert/strict';
import { ATTR } from '@clew/core/plugin';
import type { RawRequest, RawResponse } from './raw-http.ts';
import type { RecordedSpan } from './recording-span.ts';
import { brokenHook } from './subject.ts';
import type { SuiteHandler } from './suite-server.ts';

/** Serves one request with these options of the plugin, and returns its response and its only span. */
export type ServeOne = (
  handler: SuiteHandler,
  options?: object,
  target?: string,
  request?: RawRequest,
) => Promise<{ readonly response: RawResponse; readonly span: RecordedSpan; readonly port: number }>;

/** Tests of hooks, and of what is recorded of the query and the headers. */
export function serverOptionTests(serveOne: ServeOne): Record<string, () => Promise<void>> {
  return {
    'hooks receive the span and the native objects': async () => {
      const options = {
        requestHook: (span: { setAttribute(key: string, value: string): void }) =>
          span.setAttribute('suite.request', 'seen'),
        responseHook: (span: { setAttribute(key: string, value: string): void }) =>
          span.setAttribute('suite.response', 'seen'),
      };
      const { span } = await serveOne(() => ({}), options);
      assert.equal(span.attributes['suite.request'], 'seen');
      assert.equal(span.attributes['suite.response'], 'seen');
    },
    'attributes of startIncomingSpanHook are on the span from its start': async () => {
      const { span } = await serveOne(() => ({}), { startIncomingSpanHook: () => ({ tenant: 'acme' }) });
      assert.equal(span.attributes.tenant, 'acme');
      assert.equal(span.attributes[ATTR.httpRequestMethod], 'GET');
    },
    'hooks that throw do not affect the application': async () => {
      const options = {
        startIncomingSpanHook: brokenHook,
        ignoreIncomingRequestHook: brokenHook,
        requestHook: brokenHook,
        responseHook: brokenHook,
      };
      const { response, span } = await serveOne(() => ({ body: 'fine' }), options);
      assert.equal(response.body, 'fine');
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 200);
    },
    'secrets in the query are redacted, other parameters are not': async () => {
      const { span } = await serveOne(() => ({}), {}, '/file?sig=s3cr3t&size=2&Signature=s3cr3t');
      assert.equal(span.attributes[ATTR.urlQuery], 'sig=REDACTED&size=2&Signature=REDACTED');
    },
    'headers are recorded only if they are configured': async () => {
      const options = { capturedRequestHeaders: ['X-Received'], capturedResponseHeaders: ['X-Sent'] };
      const headers = { 'x-received': 'a', 'x-other': 'b' };
      const { span } = await serveOne(() => ({ headers: { 'x-sent': 'c' } }), options, '/', { headers });
      assert.deepEqual(span.attributes['http.request.header.x-received'], ['a']);
      assert.deepEqual(span.attributes['http.response.header.x-sent'], ['c']);
      assert(!Object.keys(span.attributes).some((key) => key.endsWith('x-other')));
    },
  };
}
