import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { suppressTracing } from '@clew/core';
import { ATTR } from '@clew/core/plugin';
import { context, propagation, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { contextTests } from './client-context-tests.ts';
import {
  type ClientDriver,
  driveClient,
  echo,
  fulfilled,
  type HttpClientAdapter,
  ok,
} from './client-driver.ts';
import { failureTests } from './client-failure-tests.ts';
import { brokenHook, callerSpan, shapeTests, tracing, within } from './subject.ts';
import { runSuite } from './suite.ts';
import { whileServing } from './suite-server.ts';

/** The tests of every plugin for an HTTP client. */
export function httpClientSuite(adapter: HttpClientAdapter): void {
  const driver = driveClient(adapter);
  runSuite({
    name: `${adapter.name} as an HTTP client`,
    skips: adapter.skips,
    recorder: driver.recorder,
    tests: {
      ...callTests(driver),
      ...contextTests(driver),
      ...failureTests(driver),
      ...optionTests(driver),
    },
    parts: [shapeTests(adapter)],
  });
}

function callTests({
  adapter,
  recorder,
  calling,
  callOne,
}: ClientDriver): Record<string, () => Promise<void>> {
  return {
    'a call is one CLIENT span with the attributes of the conventions': async () => {
      const { span, url, outcome } = await callOne(ok, {}, { target: '/songs?page=2' });
      assert.deepEqual(fulfilled(outcome), { status: 200, body: 'ok' });
      assert.equal(span.name, 'GET');
      assert.equal(span.kind, SpanKind.CLIENT);
      assert.equal(span.status.code, SpanStatusCode.UNSET);
      assert.equal(span.attributes[ATTR.httpRequestMethod], 'GET');
      assert.equal(span.attributes[ATTR.urlFull], `${url}/songs?page=2`);
      assert.equal(span.attributes[ATTR.serverAddress], '127.0.0.1');
      assert.equal(span.attributes[ATTR.serverPort], Number(new URL(url).port));
      assert.equal(span.attributes[ATTR.networkPeerAddress], '127.0.0.1');
      assert.equal(span.attributes[ATTR.networkPeerPort], Number(new URL(url).port));
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 200);
    },
    'the span name contains the method': async () => {
      const { span } = await callOne(ok, {}, { method: 'DELETE' });
      assert.equal(span.name, 'DELETE');
      assert.equal(span.attributes[ATTR.httpRequestMethod], 'DELETE');
    },
    "the request carries the context in addition to the application's own headers": async () => {
      const { span, outcome } = await callOne(echo, {}, { headers: { 'x-own': 'kept' } });
      const headers = JSON.parse(fulfilled(outcome).body) as Record<string, string>;
      assert.equal(headers.traceparent, `00-${span.traceId}-${span.spanId}-01`);
      assert.equal(headers['x-own'], 'kept');
    },
    'headers of an older context are replaced or removed': async () => {
      const older = {
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'older=1',
        baggage: 'older=1',
      };
      const { span, outcome } = await callOne(echo, {}, { headers: { ...older, 'x-own': 'kept' } });
      const sent = JSON.parse(fulfilled(outcome).body) as Record<string, string>;
      assert.equal(sent.traceparent, `00-${span.traceId}-${span.spanId}-01`);
      assert.equal(sent.tracestate, undefined);
      assert.equal(sent.baggage, undefined);
      assert.equal(sent['x-own'], 'kept');
    },
    'baggage that the application sends without a trace is unchanged': async () => {
      const { outcome } = await callOne(echo, {}, { headers: { baggage: 'own=1' } });
      const sent = JSON.parse(fulfilled(outcome).body) as Record<string, string>;
      assert.equal(sent.baggage, 'own=1');
    },
    'baggage that would exceed the maximum header size is omitted, and the request is sent': async () => {
      await calling(echo, {}, async (url) => {
        const headers = { 'x-own': 'x'.repeat(11_000) };
        const baggage = propagation.createBaggage({ long: { value: 'x'.repeat(7000) } });
        const { status, body } = await context.with(propagation.setBaggage(context.active(), baggage), () =>
          adapter.call({ url, headers }),
        );
        assert.equal(status, 200);
        const sent = JSON.parse(body) as Record<string, string>;
        const [span] = await recorder.take(1);
        assert.equal(sent.traceparent, `00-${span?.traceId}-${span?.spanId}-01`);
        assert.equal(sent.baggage, undefined);
        assert.equal(sent['x-own'], headers['x-own']);
      });
    },
    "the application's headers object is not changed": async () => {
      const headers = Object.freeze({ 'x-own': 'kept' });
      const { outcome } = await callOne(ok, {}, { headers });
      fulfilled(outcome);
      assert.deepEqual(headers, { 'x-own': 'kept' });
    },
    'a call has no span and no header while tracing is suppressed': async () => {
      await calling(echo, {}, async (url) => {
        const { body } = await context.with(suppressTracing(context.active()), () => adapter.call({ url }));
        assert(!body.includes('traceparent'));
      });
    },
    'an unsampled call records nothing and propagates its ids': async () => {
      recorder.sampling = 'none';
      await calling(echo, {}, async (url) => {
        const caller = callerSpan();
        const { body } = await within(caller, () => adapter.call({ url }));
        const { traceparent } = JSON.parse(body) as { traceparent?: string };
        assert.match(traceparent ?? '', new RegExp(`^00-${caller.spanContext().traceId}-[0-9a-f]{16}-00$`));
        assert.equal(recorder.wastedCalls, 0);
      });
    },
  };
}

function optionTests({
  adapter,
  recorder,
  listen,
  calling,
  callOne,
}: ClientDriver): Record<string, () => Promise<void>> {
  return {
    'attributes of startOutgoingSpanHook are on the span from its start': async () => {
      const { span } = await callOne(ok, { startOutgoingSpanHook: () => ({ tenant: 'acme' }) });
      assert.equal(span.attributes.tenant, 'acme');
      assert.equal(span.attributes[ATTR.httpRequestMethod], 'GET');
    },
    'hooks that throw do not affect the application': async () => {
      const hooks = {
        startOutgoingSpanHook: brokenHook,
        outgoingRequestHook: brokenHook,
        outgoingResponseHook: brokenHook,
      };
      const { span, outcome } = await callOne(ok, { ...hooks, ignoreOutgoingRequestHook: brokenHook });
      fulfilled(outcome);
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 200);
    },
    'an ignored call has no span, and propagates the context of its caller': async () => {
      await calling(echo, { ignoreOutgoingRequestHook: () => true }, async (url) => {
        const caller = callerSpan();
        const { body } = await within(caller, () => adapter.call({ url }));
        caller.end();
        const [span] = await recorder.take(1);
        const { traceparent } = JSON.parse(body) as { traceparent?: string };
        assert.equal(traceparent, `00-${span?.traceId}-${span?.spanId}-01`);
      });
    },
    'context is sent only to the hosts in propagateTo': async () => {
      const { outcome } = await callOne(echo, { propagateTo: ['api.example.com'] });
      assert(!fulfilled(outcome).body.includes('traceparent'));
    },
    'baggage is sent only to the hosts in propagateBaggageTo': async () => {
      const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
      const withBaggage = propagation.setBaggage(context.active(), baggage);
      for (const [host, sent] of [
        ['api.example.com', undefined],
        ['127.0.0.1', 'tenant=acme'],
      ] as const) {
        const { outcome } = await context.with(withBaggage, () =>
          callOne(echo, { propagateBaggageTo: [host] }),
        );
        const headers = JSON.parse(fulfilled(outcome).body) as Record<string, string>;
        assert.equal(typeof headers.traceparent, 'string');
        assert.equal(headers.baggage, sent);
      }
    },
    'with requireParentforOutgoingSpans a call without a parent has no span': async () => {
      await calling(ok, { requireParentforOutgoingSpans: true }, async (url) => {
        await adapter.call({ url });
        const caller = callerSpan();
        await within(caller, () => adapter.call({ url }));
        caller.end();
        await recorder.take(2);
      });
    },
    'secrets in the query and credentials are not recorded': async () => {
      const { span, url } = await callOne(ok, {}, { target: '/file?sig=s3cr3t&size=2' });
      assert.equal(span.attributes[ATTR.urlFull], `${url}/file?sig=REDACTED&size=2`);
    },
    'headers are recorded only if they are configured': async () => {
      const options = {
        capturedOutgoingRequestHeaders: ['X-Sent'],
        capturedOutgoingResponseHeaders: ['X-Received'],
      };
      const peer: RequestListener = (_request, response) =>
        response.writeHead(200, { 'x-received': 'c' }).end();
      const { span } = await callOne(peer, options, { headers: { 'x-sent': 'a', 'x-other': 'b' } });
      assert.deepEqual(span.attributes['http.request.header.x-sent'], ['a']);
      assert.deepEqual(span.attributes['http.response.header.x-received'], ['c']);
      assert(!Object.keys(span.attributes).some((key) => key.endsWith('x-other')));
    },
    'after disable() calls are untraced': async () => {
      await tracing(adapter, { ...adapter.options }, (subject) =>
        whileServing(listen(echo), async (url) => {
          subject.disable();
          assert(!(await adapter.call({ url })).body.includes('traceparent'));
          subject.enable();
          assert((await adapter.call({ url })).body.includes('traceparent'));
          await recorder.take(1);
        }),
      );
    },
    'a second instance adds nothing': async () => {
      await calling(ok, {}, async (url) => {
        const second = adapter.instrument(adapter.options);
        await adapter.call({ url });
        await recorder.take(1);
        second.disable();
      });
    },
  };
}
