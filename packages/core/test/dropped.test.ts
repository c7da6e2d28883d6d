import { droppedFromWire } from '@clew/core';
import { countDropped } from '@clew/core/internal';
import { DiagLogLevel, diag } from '@opentelemetry/api';

let mockNowMs = 0;
jest.mock('../src/kit/originals.ts', () => ({
  ...jest.requireActual('../src/kit/originals.ts'),
  monotonicNow: () => mockNowMs,
}));
const warned = jest.fn();

beforeAll(() => {
  const nothing = () => {};
  diag.setLogger(
    { error: nothing, warn: warned, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
});
afterAll(() => diag.disable());

test('dropped parts are counted by format and reason, and each reason is logged once a minute', () => {
  for (let times = 0; times < 5; times++) countDropped('smoke', 'wet');
  countDropped('smoke', 'late');
  expect(droppedFromWire()).toMatchObject({ 'smoke: wet': 5, 'smoke: late': 1 });
  expect(warned.mock.calls).toEqual([
    ['clew: dropped smoke: wet (1 so far); the request continues without it'],
    ['clew: dropped smoke: late (1 so far); the request continues without it'],
  ]);
  mockNowMs = 59_999;
  countDropped('smoke', 'late');
  expect(warned).toHaveBeenCalledTimes(2);
  mockNowMs = 60_000;
  countDropped('smoke', 'wet');
  expect(warned).toHaveBeenLastCalledWith(expect.stringContaining('smoke: wet (6 so far)'));
});

test('the returned counts are a copy', () => {
  const counts = droppedFromWire() as Record<string, number>;
  counts['smoke: wet'] = 0;
  expect(droppedFromWire()['smoke: wet']).toBe(6);
});
