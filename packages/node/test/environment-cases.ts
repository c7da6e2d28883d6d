// Read by the test and by the program that it runs: only syntax that Node itself can strip.
// `<url>` is replaced by the address of a real receiver.

/** What the program observed after `init()` with these variables. */
export interface Seen {
  readonly warnings: readonly string[];
  /** The request that delivered the spans; `null` if none arrived. */
  readonly request: {
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly resource: Readonly<Record<string, unknown>>;
    readonly span: {
      readonly attributes: Readonly<Record<string, unknown>>;
      readonly events: readonly { readonly attributes: object }[];
      readonly links: readonly { readonly attributes: object }[];
    };
  } | null;
  /** Of 50 roots, and of a child of a sampled and of an unsampled remote parent. */
  readonly sampled: { readonly roots: number; readonly ofSampled: boolean; readonly ofUnsampled: boolean };
  /** The names of the headers in an outgoing request. */
  readonly sent: readonly string[];
  /** The class of the context manager. */
  readonly carrier: string;
  /** Whether the trace of an incoming request with a sampled `traceparent` is continued. */
  readonly continued: boolean;
  /** The headers that a request by Node's client sends to its server. */
  readonly sentHeaders: readonly string[];
}

type Variables = Readonly<Record<string, string>>;
type Case = readonly [variables: Variables, look: (seen: Seen) => unknown, expected: unknown];

const bound = (limit: string, value: string) => ({ [`OTEL_${limit}_LIMIT`]: value });
const attributes = ({ request }: Seen) => Object.keys(request?.span.attributes ?? {}).length;
const texts = ({ request }: Seen) => request?.span.attributes.a;
const events = ({ request }: Seen) => request?.span.events.length;
const links = ({ request }: Seen) => request?.span.links.length;
const perEvent = ({ request }: Seen) => Object.keys(request?.span.events[0]?.attributes ?? {}).length;
const perLink = ({ request }: Seen) => Object.keys(request?.span.links[0]?.attributes ?? {}).length;
const resource = (name: string) => (seen: Seen) => seen.request?.resource[name];
const header = (name: string) => (seen: Seen) => seen.request?.headers[name];
const path = ({ request }: Seen) => request?.path;
const sampled = ({ sampled: { roots, ofSampled, ofUnsampled } }: Seen) => [
  roots === 0 ? 'none' : roots === 50 ? 'all' : 'some',
  ofSampled,
  ofUnsampled,
];
const sent = (seen: Seen) => seen.sent;
const carrier = (seen: Seen) => seen.carrier;
const sentHeaders = (seen: Seen) => seen.sentHeaders;
const continued = (seen: Seen) => seen.continued;

/** Valid values, each alone, and their effects. */
export const RIGHT: readonly Case[] = [
  [{}, resource('service.name'), 'unknown_service:node'],
  [{ OTEL_SERVICE_NAME: 'shop' }, resource('service.name'), 'shop'],
  [{ OTEL_SERVICE_NAME: ' shop ' }, resource('service.name'), 'shop'],
  [{ OTEL_SERVICE_NAME: '' }, resource('service.name'), 'unknown_service:node'],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'service.name=a,zone=b%2Cc' }, resource('zone'), 'b,c'],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'service.name=listed' }, resource('service.name'), 'listed'],
  [
    { OTEL_RESOURCE_ATTRIBUTES: 'service.name=listed', OTEL_SERVICE_NAME: 'named' },
    resource('service.name'),
    'named',
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '<url>' }, path, '/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '<url>/base/' }, path, '/base/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '<url>/base?key=1' }, path, '/base/v1/traces?key=1'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '<url>/as/it/is' }, path, '/as/it/is'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '<url>' }, path, '/'],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b, x-other = c' }, header('x-key'), 'a b'],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b, x-other = c' }, header('x-other'), 'c'],
  [
    { OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a', OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-key=b' },
    header('x-key'),
    'b',
  ],
  [{}, header('content-type'), 'application/x-protobuf'],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, header('content-type'), 'application/json'],
  [{ OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/JSON' }, header('content-type'), 'application/json'],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' },
    header('content-type'),
    'application/x-protobuf',
  ],
  [{}, header('content-encoding'), undefined],
  [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }, header('content-encoding'), 'gzip'],
  [{ OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'gzip' }, header('content-encoding'), 'gzip'],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, path, '/v1/traces'],
  [{ OTEL_TRACES_EXPORTER: 'none' }, path, undefined],
  [{ OTEL_SDK_DISABLED: 'TRUE' }, sampled, ['none', true, false]],
  [{ OTEL_SDK_DISABLED: 'false' }, path, '/v1/traces'],
  [{}, sampled, ['all', true, false]],
  [{ OTEL_TRACES_SAMPLER: 'always_on' }, sampled, ['all', true, true]],
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, sampled, ['none', false, false]],
  [{ OTEL_TRACES_SAMPLER: 'Parentbased_Always_On' }, sampled, ['all', true, false]],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, sampled, ['none', true, false]],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio' }, sampled, ['all', true, true]],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, sampled, ['none', false, false]],
  [
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' },
    sampled,
    ['some', true, false],
  ],
  [{ OTEL_TRACES_SAMPLER_ARG: '0' }, sampled, ['all', true, false]],
  [{}, sent, ['baggage', 'traceparent']],
  [{ OTEL_PROPAGATORS: 'tracecontext' }, sent, ['traceparent']],
  [{ OTEL_PROPAGATORS: ' Baggage , TraceContext, baggage' }, sent, ['baggage', 'traceparent']],
  [{ OTEL_PROPAGATORS: 'b3' }, sent, ['b3']],
  [{ OTEL_PROPAGATORS: 'b3multi' }, sent, ['x-b3-sampled', 'x-b3-spanid', 'x-b3-traceid']],
  [{ OTEL_PROPAGATORS: 'jaeger' }, sent, ['uber-trace-id', 'uberctx-user']],
  [{ OTEL_PROPAGATORS: 'xray' }, sent, ['x-amzn-trace-id']],
  [
    { OTEL_PROPAGATORS: 'ottrace' },
    sent,
    ['ot-baggage-user', 'ot-tracer-sampled', 'ot-tracer-spanid', 'ot-tracer-traceid'],
  ],
  [{ OTEL_PROPAGATORS: 'none' }, sent, []],
  [
    { OTEL_PROPAGATORS: 'OSProfiler,tracecontext', CLEW_OSPROFILER_HMAC_KEYS: 'SECRET_KEY' },
    sent,
    ['traceparent', 'x-trace-hmac', 'x-trace-info'],
  ],
  [{}, continued, true],
  [{ CLEW_TRUST: 'ignore' }, continued, false],
  [{ CLEW_TRUST: '{"trace":"link"}' }, continued, false],
  [{ CLEW_TRUST: '[{"path":"/other","trace":"ignore"}]' }, continued, true],
  [{ CLEW_TRUST: '[{"path":"/*","trace":"ignore"}]' }, continued, false],
  [{}, sentHeaders, ['baggage', 'traceparent']],
  [{ CLEW_SEND_TO: 'none' }, sentHeaders, []],
  [{ CLEW_SEND_TO: '127.0.0.1' }, sentHeaders, ['baggage', 'traceparent']],
  [{ CLEW_SEND_TO: '*.example.com, 127.0.0.2' }, sentHeaders, []],
  [{ CLEW_SEND_BAGGAGE_TO: 'none' }, sentHeaders, ['traceparent']],
  [{ CLEW_HTTP_PROPAGATE_TO: 'none' }, sentHeaders, []],
  [{ CLEW_HTTP_PROPAGATE_TO: '*.example.com, 127.0.0.1' }, sentHeaders, ['baggage', 'traceparent']],
  [{ CLEW_HTTP_PROPAGATE_TO: '*.example.com, 127.0.0.2' }, sentHeaders, []],
  [{ CLEW_HTTP_DISABLE_OUTGOING_REQUEST_INSTRUMENTATION: 'true' }, sentHeaders, []],
  [{}, carrier, 'AsyncContextManager'],
  [{ CLEW_CONTEXT: 'async' }, carrier, 'AsyncContextManager'],
  [{ CLEW_CONTEXT: 'stack' }, carrier, 'StackContextManager'],
  [{ CLEW_CONTEXT_STRICT: 'true' }, carrier, 'StrictContextManager'],
  [{}, attributes, 3],
  [bound('ATTRIBUTE_COUNT', '2'), attributes, 2],
  [bound('SPAN_ATTRIBUTE_COUNT', '1'), attributes, 1],
  [bound('SPAN_ATTRIBUTE_COUNT', '1000000'), attributes, 3],
  [{ ...bound('ATTRIBUTE_COUNT', '2'), ...bound('SPAN_ATTRIBUTE_COUNT', '1') }, attributes, 1],
  [bound('ATTRIBUTE_VALUE_LENGTH', '4'), texts, 'long'],
  [bound('SPAN_ATTRIBUTE_VALUE_LENGTH', '2'), texts, 'lo'],
  [{}, events, 3],
  [bound('SPAN_EVENT_COUNT', '2'), events, 2],
  [{}, links, 3],
  [bound('SPAN_LINK_COUNT', '1'), links, 1],
  [bound('EVENT_ATTRIBUTE_COUNT', '1'), perEvent, 1],
  [bound('LINK_ATTRIBUTE_COUNT', '1'), perLink, 1],
];

const wrong = (name: string, expected: string, value: string, more: Variables = {}) =>
  [
    { [name]: value, ...more },
    `@clew/node: expected ${name} to be ${expected}, got ${JSON.stringify(value)}; the default is used`,
  ] as const;

/** Invalid values, each alone, and their single warning. Everything else is as if they were not set. */
export const WRONG: readonly (readonly [variables: Variables, warning: string])[] = [
  wrong('OTEL_RESOURCE_ATTRIBUTES', 'key=value,key2=value2', 'service.name'),
  wrong('OTEL_RESOURCE_ATTRIBUTES', 'key=value,key2=value2', 'a=%zz'),
  wrong('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'an http:// or https:// URL', 'localhost:4318'),
  wrong('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/protobuf, http/json', 'grpc'),
  wrong('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf, http/json', 'grpc'),
  wrong('OTEL_EXPORTER_OTLP_COMPRESSION', 'none, gzip', 'zstd'),
  [
    { OTEL_EXPORTER_OTLP_HEADERS: 'sesame' },
    '@clew/node: expected OTEL_EXPORTER_OTLP_HEADERS to be key=value,key2=value2, got an invalid value; the default is used',
  ],
  [
    { OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'open sesame=x' },
    '@clew/node: expected OTEL_EXPORTER_OTLP_TRACES_HEADERS to be valid header names and values, got an invalid value; the default is used',
  ],
  [
    { OTEL_EXPORTER_OTLP_HEADERS: 'key=a%0Ab' },
    '@clew/node: expected OTEL_EXPORTER_OTLP_HEADERS to be valid header names and values, got an invalid value; the default is used',
  ],
  wrong('OTEL_EXPORTER_OTLP_TIMEOUT', 'a number in [0, 2147483647]', '-1'),
  wrong('OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'a number in [0, 2147483647]', '10s'),
  wrong('OTEL_EXPORTER_OTLP_CERTIFICATE', 'the path of a readable file', '/no/such/file'),
  wrong('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', 'the path of a readable file', '/no/such/file'),
  wrong('OTEL_EXPORTER_OTLP_CLIENT_KEY', 'the path of a readable file', '/no/such/file'),
  wrong('OTEL_TRACES_EXPORTER', 'otlp, none', 'zipkin'),
  [
    { OTEL_PROPAGATORS: 'b4' },
    /^@clew\/node: expected OTEL_PROPAGATORS to be a list of tracecontext, .*, got "b4"; the default is used$/
      .source,
  ],
  [
    { OTEL_PROPAGATORS: 'tracecontext,b4,baggage' },
    /^@clew\/node: "b4" in OTEL_PROPAGATORS is left out: expected one of tracecontext, .*, osprofiler, baggage$/
      .source,
  ],
  [
    { OTEL_PROPAGATORS: 'osprofiler,tracecontext,baggage' },
    /^@clew\/node: "osprofiler" in OTEL_PROPAGATORS is left out: CLEW_OSPROFILER_HMAC_KEYS contains no key$/
      .source,
  ],
  wrong(
    'OTEL_TRACES_SAMPLER',
    'always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio, jaeger_remote, parentbased_jaeger_remote, xray',
    'sometimes',
  ),
  wrong('OTEL_TRACES_SAMPLER_ARG', 'a number in [0, 1]', '2', { OTEL_TRACES_SAMPLER: 'traceidratio' }),
  wrong('OTEL_BSP_SCHEDULE_DELAY', 'a number in [0, 2147483647]', '-5'),
  wrong('OTEL_BSP_EXPORT_TIMEOUT', 'a number in [0, 2147483647]', 'soon'),
  wrong('OTEL_BSP_MAX_QUEUE_SIZE', 'a number in [1, 2147483647]', '0'),
  wrong('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 'a whole number in [1, 2147483647]', '1.5'),
  wrong('CLEW_QUEUE_MAX_BYTES', 'a number in [65536, 1073741824]', '1'),
  wrong('CLEW_LATE_BUFFER_BYTES', 'a number in [65536, 1073741824]', '1'),
  wrong('CLEW_FLUSH_TIMEOUT_MS', 'a number in [0, 60000]', '70000'),
  wrong('OTEL_SDK_DISABLED', 'true or false', '1'),
  [
    { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,rails' },
    /^@clew\/node: expected OTEL_NODE_ENABLED_INSTRUMENTATIONS to be a list of installed plugins \(.*http.*\), got "rails"; /
      .source,
  ],
  wrong('CLEW_CONTEXT', 'async, stack', 'thread'),
  wrong('CLEW_CONTEXT_STRICT', 'true or false', 'yes'),
  wrong(
    'CLEW_TRUST',
    '"continue" | "link" | "ignore", { trace, baggage }, or a list of { path, port, trace, baggage }',
    'always',
  ),
  wrong('CLEW_SEND_TO', '"all" | "none" | "same-origin" | a list of host patterns', '[1]'),
  wrong('CLEW_SEND_BAGGAGE_TO', '"all" | "none" | "same-origin" | a list of host patterns', '{}'),
  wrong('CLEW_HTTP_REQUIRE_PARENTFOR_OUTGOING_SPANS', 'true or false', 'maybe'),
  wrong('CLEW_HTTP_COLOUR', 'an option of @clew/instrumentation-http', 'red'),
  wrong('CLEW_HTTP_REQUEST_HOOK', 'an option of @clew/instrumentation-http', 'f'),
  wrong('OTEL_ATTRIBUTE_COUNT_LIMIT', 'a number in [0, 2147483647]', '-1'),
  wrong('OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'a number in [1, 2147483647]', 'none'),
  wrong('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'a number in [0, 2147483647]', 'x'),
  wrong('OTEL_SPAN_EVENT_COUNT_LIMIT', 'a number in [0, 2147483647]', 'x'),
  wrong('OTEL_SPAN_LINK_COUNT_LIMIT', 'a number in [0, 2147483647]', 'x'),
  wrong('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', 'a number in [0, 2147483647]', 'x'),
  wrong('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT', 'a number in [0, 2147483647]', 'x'),
];
