import { diag } from '@opentelemetry/api';
import { status } from './collector.ts';
import { encodeResponse } from './otlp-decoder.ts';
import { end, none, receiverSetup } from './receiver-setup.ts';

const { collector, makeProvider } = receiverSetup();

describe('a receiver that', () => {
  test.each([400, 401, 404, 413, 500, 301])(
    'responds with %d has the batch dropped and counted',
    async (code) => {
      collector().respondWith(status(code));
      const provider = makeProvider();
      end(provider, 3);
      await provider.forceFlush();
      expect(collector().received).toHaveLength(1);
      expect(provider.stats()).toMatchObject({
        spansExported: 0,
        exports: 0,
        retries: 0,
        dropped: { ...none, rejected: 3 },
      });
    },
  );

  test('rejects some spans in protocol buffers has them counted as rejected', async () => {
    collector().respondWith(
      status(200, { 'content-type': 'application/x-protobuf' }, encodeResponse(2, 'too old')),
    );
    const provider = makeProvider();
    end(provider, 5);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({
      spansExported: 3,
      exports: 1,
      dropped: { ...none, rejected: 2 },
    });
  });

  test.each([
    '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}',
    '{"partialSuccess":{"rejectedSpans":2}}',
  ])('rejects some spans in JSON has them counted as rejected: %s', async (responseBody) => {
    collector().respondWith(status(200, { 'content-type': 'application/json; charset=utf-8' }, responseBody));
    const provider = makeProvider({ protocol: 'http/json' });
    end(provider, 5);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ spansExported: 3, dropped: { ...none, rejected: 2 } });
  });

  test.each([
    [
      'protocol buffers',
      'application/x-protobuf',
      Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ],
    ['a truncated message', 'application/x-protobuf', Buffer.from([0x0a, 0x20, 0x08])],
    ['JSON', 'application/json', '{"partialSuccess":'],
    ['JSON of another shape', 'application/json', '[null]'],
    ['HTML', 'text/html', '<h1>welcome</h1>'],
    ['far too much', 'application/json', Buffer.alloc(1_000_000, 0x20)],
    ['an absurd count', 'application/json', '{"partialSuccess":{"rejectedSpans":"1e99"}}'],
    ['a negative count', 'application/json', '{"partialSuccess":{"rejectedSpans":-5}}'],
  ])('responds with 200 and an invalid body (%s) has accepted the batch', async (_, type, body) => {
    collector().respondWith(status(200, { 'content-type': type }, body));
    const provider = makeProvider();
    end(provider, 2);
    await provider.forceFlush();
    end(provider, 2);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ spansExported: 4, exports: 2, retries: 0, dropped: none });
  });

  test('rejects more spans than it received has all of them counted as rejected', async () => {
    collector().respondWith(
      status(200, { 'content-type': 'application/x-protobuf' }, encodeResponse(900, '')),
    );
    const provider = makeProvider();
    end(provider, 5);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ spansExported: 0, dropped: { ...none, rejected: 5 } });
  });

  test('reports a reason with control characters has them replaced in the log', async () => {
    const warn = jest.fn();
    const ignore = () => {};
    diag.setLogger({ warn, error: ignore, info: ignore, debug: ignore, verbose: ignore });
    const body = JSON.stringify({ partialSuccess: { errorMessage: 'a\u001b[2Jb\nclew error: c' } });
    collector().respondWith(status(200, { 'content-type': 'application/json' }, body));
    const provider = makeProvider();
    end(provider);
    await provider.forceFlush();
    diag.disable();
    expect(warn).toHaveBeenCalledWith('@clew/tracer: the receiver reported: a [2Jb clew error: c');
  });
});
