import type { Operation } from './service-map.ts';

/** An operation in two sets of traces. */
export interface OperationDifference {
  readonly service: string;
  readonly kind: Operation['kind'];
  readonly name: string;
  /** `undefined` if the set has no such span. */
  readonly before: Operation | undefined;
  readonly after: Operation | undefined;
}

/** Compares two sets of operations; those whose median has changed the most, in total, come first. */
export function compareOperations(
  before: readonly Operation[],
  after: readonly Operation[],
): OperationDifference[] {
  const keyOf = ({ service, kind, name }: Operation) => `${kind}\n${service}\n${name}`;
  const earlier = new Map(before.map((operation) => [keyOf(operation), operation]));
  const differences = after.map((operation): OperationDifference => {
    const { service, kind, name } = operation;
    const found = earlier.get(keyOf(operation));
    earlier.delete(keyOf(operation));
    return { service, kind, name, before: found, after: operation };
  });
  for (const operation of earlier.values()) {
    const { service, kind, name } = operation;
    differences.push({ service, kind, name, before: operation, after: undefined });
  }
  return differences.sort((a, b) => impact(b) - impact(a));
}

/** The change of the median, for as many calls as there are now. */
function impact({ before, after }: OperationDifference): number {
  const change = Math.abs((after?.p50Ms ?? 0) - (before?.p50Ms ?? 0));
  return change * (after?.calls ?? before?.calls ?? 0);
}
