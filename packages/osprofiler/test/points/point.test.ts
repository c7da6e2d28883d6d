import { hostname } from 'node:os';
import { pointsOf, timestampOf } from '../../src/points/point.ts';
import { idsOf } from '../../src/points/point-ids.ts';
import { makeSpan } from './make-span.ts';

const NO_ORIGIN = { project: undefined, service: undefined };

test('a span has two points with the same ids, its name and its times', () => {
  const span = makeSpan();
  const ids = idsOf(span);
  const common = { ...ids, project: null, service: 'shop' };
  expect(pointsOf(span, ids, NO_ORIGIN)).toEqual([
    {
      ...common,
      name: 'work-start',
      timestamp: '2026-11-18T11:06:40.001000',
      info: { function: { name: 'work' }, host: hostname() },
    },
    { ...common, name: 'work-stop', timestamp: '2026-11-18T11:06:40.002500', info: { host: hostname() } },
  ]);
});

test.each([
  [[0, 0] as const, '1970-01-01T00:00:00.000000'],
  [[1_795_000_000, 999_999_999] as const, '2026-11-18T11:06:40.999999'],
])('a time has six digits of a second and no zone: %j is %s', ([seconds, nanoseconds], expected) => {
  expect(timestampOf([seconds, nanoseconds])).toBe(expected);
});

test('project and service are those of the options, then those of the resource', () => {
  const attributes = { 'service.name': 'shop', 'service.namespace': 'music' };
  const span = makeSpan({ resource: { attributes } });
  const ids = idsOf(span);
  expect(pointsOf(span, ids, NO_ORIGIN)[0]).toMatchObject({ project: 'music', service: 'shop' });
  const origin = { project: 'nova', service: 'gateway' };
  expect(pointsOf(span, ids, origin)[1]).toMatchObject(origin);
  const unnamed = makeSpan({ resource: { attributes: {} } });
  expect(pointsOf(unnamed, ids, NO_ORIGIN)[0]).toMatchObject({ project: null, service: null });
});
