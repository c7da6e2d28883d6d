import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { ATTR } from '@clew/core/plugin';
import { SpanStatusCode } from '@opentelemetry/api';
import { type ClientDriver, ok } from './client-driver.ts';
import type { RecordedSpan } from './recording-span.ts';
import { tracing } from './subject.ts';

/** Tests of failing calls: each must end its span, and the application must receive the original error. */
export function failureTests({
  adapter,
  recorder,
  listen,
  callOne,
}: ClientDriver): Record<string, () => Promise<void>> {
  return {
    'a response with status 404 is an error of the client': async () => {
      const { span } = await callOne((_request, response) => response.writeHead(404).end());
      assert.equal(span.status.code, SpanStatusCode.ERROR);
      assert.equal(span.attributes[ATTR.errorType], '404');
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 404);
    },
    'a response with status 500 is an error of the client': async () => {
      const { span } = await callOne((_request, response) => response.writeHead(500).end());
      assert.equal(span.attributes[ATTR.errorType], '500');
    },
    'a refused connection fails the span, and the application receives the error': async () => {
      const server = await listen(ok);
      await server.close();
      await tracing(adapter, { ...adapter.options }, async () => {
        await assert.rejects(adapter.call({ url: server.url }));
        const [span] = await recorder.take(1);
        assert(span);
        assertFailed(span);
        assert.equal(span.attributes[ATTR.networkPeerAddress], '127.0.0.1');
        assert.equal(span.attributes[ATTR.httpResponseStatusCode], undefined);
      });
    },
    'a connection that breaks before the response fails the span': async () => {
      const { span, outcome } = await callOne((request) => request.socket.destroy());
      assert.equal(outcome.status, 'rejected');
      assertFailed(span);
    },
    'a call that its caller aborts ends its span and is not an error': async () => {
      const abort = new AbortController();
      const { span, outcome } = await callOne(() => abort.abort(), {}, { signal: abort.signal });
      assert.equal(outcome.status, 'rejected');
      assertCancelled(span);
    },
    'a call whose caller aborts the body ends its span and is not an error': async () => {
      const abort = new AbortController();
      const half: RequestListener = (_request, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('half');
      };
      const call = { signal: abort.signal, onResponse: () => abort.abort() };
      const { span, outcome } = await callOne(half, {}, call);
      assert.equal(outcome.status, 'rejected');
      assertCancelled(span);
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 200);
    },
    'a timeout by the signal is an error': async () => {
      const abort = new AbortController();
      // From the arrival of the request on: Node's fetch reports no reason if the connection is not open yet.
      const { span, outcome } = await callOne(
        () => {
          const timeout = AbortSignal.timeout(5);
          timeout.onabort = () => abort.abort(timeout.reason);
        },
        {},
        { signal: abort.signal },
      );
      assert.equal(outcome.status, 'rejected');
      assertFailed(span);
    },
    'an abort whose reason is an error is an error': async () => {
      const abort = new AbortController();
      const { span, outcome } = await callOne(
        () => abort.abort(new RangeError('too slow')),
        {},
        { signal: abort.signal },
      );
      assert.equal(outcome.status, 'rejected');
      assertFailed(span);
    },
    'a body that is cut off fails the span': async () => {
      const { span, outcome } = await callOne((_request, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('half', () => response.destroy());
      });
      assert.equal(outcome.status, 'rejected');
      assertFailed(span);
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 200);
    },
    'a discarded body ends the span and is not an error': async () => {
      const { span } = await callOne(
        (_request, response) => response.end('x'.repeat(200_000)),
        {},
        {
          body: 'discard',
        },
      );
      assertCancelled(span);
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 200);
    },
  };
}

function assertCancelled(span: RecordedSpan): void {
  assert.equal(span.status.code, SpanStatusCode.UNSET);
  assert.equal(span.attributes[ATTR.errorType], undefined);
  assert.deepEqual(span.events, []);
}

function assertFailed(span: RecordedSpan): void {
  assert.equal(span.status.code, SpanStatusCode.ERROR);
  assert.equal(typeof span.attributes[ATTR.errorType], 'string');
  assert.notEqual(span.attributes[ATTR.errorType], '');
}
