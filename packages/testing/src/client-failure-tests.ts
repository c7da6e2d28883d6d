import assert from 'node:assert/strict';
import { ATTR } from '@clew/core';
import { SpanStatusCode } from '@opentelemetry/api';
import { type ClientDriver, ok } from './client-driver.ts';
import type { RecordedSpan } from './recording-span.ts';
import { tracing } from './subject.ts';

/** What can go wrong with a call, each of which must end its span and reach the program as it is. */
export function failureTests({
  adapter,
  recorder,
  listen,
  callOne,
}: ClientDriver): Record<string, () => Promise<void>> {
  return {
    'an answer of 404 is an error of the client': async () => {
      const { span } = await callOne((_request, response) => response.writeHead(404).end());
      assert.equal(span.status.code, SpanStatusCode.ERROR);
      assert.equal(span.attributes[ATTR.errorType], '404');
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 404);
    },
    'so is one of 500': async () => {
      const { span } = await callOne((_request, response) => response.writeHead(500).end());
      assert.equal(span.attributes[ATTR.errorType], '500');
    },
    'a refused connection fails the span, and the program gets its error': async () => {
      const server = await listen(ok);
      await server.close();
      await tracing(adapter, { ...adapter.options }, async () => {
        await assert.rejects(adapter.call({ url: server.url }));
        const [span] = await recorder.take(1);
        assert(span);
        assertFailed(span);
        assert.equal(span.attributes[ATTR.httpResponseStatusCode], undefined);
      });
    },
    'a connection that breaks before the answer fails the span': async () => {
      const { span, outcome } = await callOne((request) => request.socket.destroy());
      assert.equal(outcome.status, 'rejected');
      assertFailed(span);
    },
    'an abort by the program fails the span': async () => {
      const abort = new AbortController();
      const { span, outcome } = await callOne(() => abort.abort(), {}, { signal: abort.signal });
      assert.equal(outcome.status, 'rejected');
      assertFailed(span);
    },
    'a body that breaks off in the middle fails the span': async () => {
      const { span, outcome } = await callOne((_request, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('half', () => response.destroy());
      });
      assert.equal(outcome.status, 'rejected');
      assertFailed(span);
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 200);
    },
    'a body that is thrown away unread ends the span': async () => {
      const { span } = await callOne(
        (_request, response) => response.end('x'.repeat(200_000)),
        {},
        {
          body: 'discard',
        },
      );
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 200);
    },
  };
}

function assertFailed(span: RecordedSpan): void {
  assert.equal(span.status.code, SpanStatusCode.ERROR);
  assert.equal(typeof span.attributes[ATTR.errorType], 'string');
  assert.notEqual(span.attributes[ATTR.errorType], '');
}
