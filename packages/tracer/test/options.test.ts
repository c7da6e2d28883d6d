import { TracerProvider } from '../src/index.ts';

describe('rejects an invalid option:', () => {
  test.each<[string, unknown, string]>([
    [
      'exporter.url',
      { exporter: { url: 'localhost:4318' } },
      'exporter.url to be an http or https URL, got "localhost:4318"',
    ],
    ['exporter.url', { exporter: { url: 5 } }, 'exporter.url to be an http or https URL, got 5'],
    [
      'exporter.protocol',
      { exporter: { protocol: 'grpc' } },
      'exporter.protocol "http/protobuf" or "http/json", got "grpc"',
    ],
    [
      'exporter.compression',
      { exporter: { compression: 'br' } },
      'exporter.compression "none" or "gzip", got "br"',
    ],
    [
      'exporter.maxQueueBytes',
      { exporter: { maxQueueBytes: 1 } },
      'exporter.maxQueueBytes in [65536, 1073741824], got 1',
    ],
    [
      'exporter.maxQueueBytes',
      { exporter: { maxQueueBytes: 'x' } },
      'exporter.maxQueueBytes in [65536, 1073741824], got "x"',
    ],
    ['exporter.timeoutMs', { exporter: { timeoutMs: 0 } }, 'exporter.timeoutMs in [1, 600000], got 0'],
    [
      'exporter.headers',
      { exporter: { headers: { 'bad name': 'x' } } },
      'exporter.headers to have valid names, got "bad name"',
    ],
    [
      'exporter.headers',
      { exporter: { headers: { key: 'secret\r\nx: y' } } },
      'exporter.headers["key"] to be one line of text, got "string"',
    ],
    ['sampler', { sampler: 'always_on' }, 'sampler to be a Sampler, got "always_on"'],
    ['spanProcessors', { spanProcessors: [{}] }, 'spanProcessors[0] to have onStart() and onEnd(), got {}'],
    ['spanExporters', { spanExporters: [null] }, 'spanExporters[0] to have export(), got null'],
    [
      'idGenerator',
      { idGenerator: {} },
      'idGenerator to have generateTraceId() and generateSpanId(), got {}',
    ],
  ])('%s', (_, options, message) => {
    expect(() => new TracerProvider(options as never)).toThrow(`@clew/tracer: expected ${message}`);
  });
});
