// The cost of a header is counted in calls, not in time, so that the tests do not depend on the machine.
import { droppedFromWire, rootContext, TRACE_FORMATS, w3cBaggage } from '@clew/core';
import { defaultTextMapGetter, propagation } from '@opentelemetry/api';

const METHODS = [
  'slice',
  'trim',
  'indexOf',
  'split',
  'endsWith',
  'startsWith',
  'replace',
  'replaceAll',
] as const;
const formats = [...new Set(TRACE_FORMATS.values())].map((format) => [format.name, format] as const);
const HEADERS = [
  ...new Set(formats.flatMap(([, { fields }]) => fields)),
  'jaeger-baggage',
  'jaeger-debug-id',
  'uberctx-a',
  'ot-baggage-a',
];
const UNITS = [',', ', ', '=,', 'a=b,', 'a,', ';', 'a=b;', 'a:b;', '=', '%41', '-', '_dd.p.a=b,', 'Root=;'];

/** The number of calls of string methods while a function runs. */
function callsIn(run: () => unknown): number {
  let calls = 0;
  const spies = METHODS.map((name) => {
    const original = String.prototype[name] as (...args: unknown[]) => unknown;
    return jest.spyOn(String.prototype, name as 'trim').mockImplementation(function (
      this: string,
      ...args: unknown[]
    ) {
      calls++;
      return original.apply(this, args) as string;
    } as () => string);
  });
  try {
    run();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return calls;
}

function droppedBy(run: () => unknown): number {
  const before = droppedFromWire();
  run();
  return Math.max(
    0,
    ...Object.entries(droppedFromWire()).map(([cause, count]) => count - (before[cause] ?? 0)),
  );
}

/** Valid ids in addition to the lists, so that formats read the lists. */
const IDS: Record<string, string> = {
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  'x-datadog-trace-id': '42',
  'x-datadog-parent-id': '7',
  'ot-tracer-traceid': '4bf92f3577b34da6',
  'ot-tracer-spanid': '00f067aa0ba902b7',
};

function headersOf(unit: string, chars: number): Record<string, string> {
  const text = unit.repeat(chars / unit.length);
  return { ...Object.fromEntries(HEADERS.map((name) => [name, text])), ...IDS };
}

describe.each(formats)('%s', (_name, format) => {
  test.each(UNITS)('a header of %j costs a bounded number of steps, and is counted once', (unit) => {
    const small = headersOf(unit, 4096);
    const large = headersOf(unit, 1_048_576);
    const read = (headers: object) => format.extract(headers, defaultTextMapGetter);
    expect(callsIn(() => read(small))).toBeLessThan(1500);
    expect(callsIn(() => read(large))).toBeLessThan(1500);
    expect(droppedBy(() => read(small))).toBeLessThanOrEqual(1);
    expect(droppedBy(() => read(large))).toBeLessThanOrEqual(1);
  });
});

describe('baggage', () => {
  test.each(UNITS)('a header of %j costs a bounded number of steps, and is counted once', (unit) => {
    for (const chars of [8192, 1_048_576]) {
      const headers = { baggage: unit.repeat(chars / unit.length) };
      const read = () => w3cBaggage.extract(rootContext, headers, defaultTextMapGetter);
      expect(callsIn(read)).toBeLessThan(1500);
      expect(droppedBy(read)).toBeLessThanOrEqual(1);
    }
  });

  test('valid members after a few empty ones are read', () => {
    const headers = { baggage: `${','.repeat(20)}a=1,,b=2` };
    const context = w3cBaggage.extract(rootContext, headers, defaultTextMapGetter);
    expect(
      propagation
        .getBaggage(context)
        ?.getAllEntries()
        .map(([key]) => key),
    ).toEqual(['a', 'b']);
  });
});
