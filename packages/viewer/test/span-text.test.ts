import { shortName } from '../src/span-text.ts';
import { TraceStore } from '../src/store.ts';
import { sketch, TRACE_ID } from './sample-trace.ts';

test.each([
  ['a name of 256 characters', 'x'.repeat(256), 'x'.repeat(256)],
  ['a longer one', 'x'.repeat(257), `${'x'.repeat(255)}…`],
  ['one with a surrogate pair at its end', `${'x'.repeat(254)}😀😀`, `${'x'.repeat(254)}…`],
])('shortens %s', (_, name, short) => {
  expect(shortName(name)).toBe(short);
});

test('the names in a summary are short, and found by the long ones', () => {
  const store = new TraceStore();
  const long = 'y'.repeat(1_000_000);
  const short = shortName(long);
  const attributes = { 'http.route': long, 'clew.sampling.policy': long };
  store.add(sketch([{ id: '1', name: long, service: long, kind: 'SERVER', attributes }]).spans);
  expect(store.summary(TRACE_ID)).toMatchObject({
    name: short,
    service: short,
    services: [short],
    route: short,
    policy: short,
  });
  for (const filter of [{ service: long }, { route: long }, { policy: long }, { route: short }])
    expect(store.traces(filter)).toHaveLength(1);
  expect(store.trace(TRACE_ID)?.spans[0]?.name).toBe(long);
  store.close();
});
