/** The trace id of all forged headers; some formats use only its second half. */
export const FORGED_ID = 'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb';
const SPAN_ID = 'cccccccccccccccc';
/** Headers of a forged trace in each format, which an attacker sends together with a `traceparent`. */
export const FORGED: [name: string, headers: string[]][] = [
  ['B3’s', [`b3: ${FORGED_ID}-${SPAN_ID}-d`]],
  ['B3’s', [`x-b3-traceid: ${FORGED_ID}`, `x-b3-spanid: ${SPAN_ID}`, 'x-b3-flags: 1']],
  ['Jaeger’s', [`uber-trace-id: ${FORGED_ID}:${SPAN_ID}:0:3`, 'uberctx-admin: yes']],
  ['Jaeger’s', [`uber-trace-id: ${FORGED_ID}:${SPAN_ID}:0:1`, 'jaeger-baggage: admin=yes']],
  [
    'OpenTracing’s',
    [
      `ot-tracer-traceid: ${FORGED_ID.slice(16)}`,
      `ot-tracer-spanid: ${SPAN_ID}`,
      'ot-tracer-sampled: true',
      'ot-baggage-admin: yes',
    ],
  ],
  [
    'Datadog’s',
    [
      `x-datadog-trace-id: ${BigInt(`0x${FORGED_ID.slice(16)}`)}`,
      'x-datadog-parent-id: 7',
      'x-datadog-sampling-priority: 2',
    ],
  ],
  ['Elastic’s', [`elastic-apm-traceparent: 00-${FORGED_ID}-${SPAN_ID}-01`, 'tracestate: es=s:1']],
  ['X-Ray’s', [`x-amzn-trace-id: Root=1-aaaaaaaa-${FORGED_ID.slice(8)};Parent=${SPAN_ID};Sampled=1`]],
  ['Google’s', [`x-cloud-trace-context: ${FORGED_ID}/7;o=1`]],
  ['Sentry’s', [`sentry-trace: ${FORGED_ID}-${SPAN_ID}-1`]],
];
