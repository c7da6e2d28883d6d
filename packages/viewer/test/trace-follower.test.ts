import { TraceFollower } from '../src/command-tail.ts';
import type { TraceSummary } from '../src/trace-summary.ts';

function summary(seq: number, spans: number): TraceSummary {
  return {
    traceId: String(seq),
    seq,
    name: '',
    service: '',
    route: '',
    services: [],
    startTimeUnixNano: '0',
    durationMs: 1,
    spans,
    errors: 0,
  };
}

test('a trace is complete when it has not grown between two lists; older ones are not followed', () => {
  const follower = new TraceFollower(5);
  const completed = (...list: TraceSummary[]) => follower.completed(list).map(({ seq }) => seq);
  expect(completed(summary(6, 1), summary(5, 9))).toEqual([]);
  expect(completed(summary(7, 3), summary(6, 2), summary(5, 9))).toEqual([]);
  expect(completed(summary(7, 3), summary(6, 2), summary(5, 9))).toEqual([6, 7]);
  expect(completed(summary(7, 4), summary(6, 2))).toEqual([]);
});
