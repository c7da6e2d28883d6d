import { type Json, listIn, objectIn } from './imported-span.ts';
import { type Point, pointIn } from './osprofiler-point.ts';

const PAYLOAD = 'meta.raw_payload.';

/** The points in the tree that `osprofiler trace show --json` prints. Throws ImportError. */
export function pointsOfReport(report: Json): Point[] {
  const points: Point[] = [];
  const stack = [...listIn(report.children, 'children')];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const node = objectIn(next, 'children');
    for (const [key, value] of Object.entries(objectIn(node.info ?? {}, 'info')))
      if (key.startsWith(PAYLOAD)) points.push(pointIn(value));
    stack.push(...listIn(node.children, 'children'));
  }
  return points;
}
