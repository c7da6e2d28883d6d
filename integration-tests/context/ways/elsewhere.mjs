// The part of a program that belongs to no request.
import { rootContext } from '@clew/core';
import { context } from '@opentelemetry/api';

/** A promise that another turn of the event loop resolves. */
export function later() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Calls `fn` in a later turn of the event loop, in no request's context. */
export function elsewhere(fn) {
  context.with(rootContext, () => setImmediate(fn));
}

/**
 * Collects what requests leave here and hands all of it over at once when two have come: in the context of
 * the second, as any program does that fires what others left with it.
 */
export function meeting(fire) {
  let left = [];
  return (item) => {
    left.push(item);
    if (left.length < 2) return;
    const both = left;
    left = [];
    for (const each of both) fire(each);
  };
}

/** Promises that are resolved by whoever comes second. */
export function resolvedElsewhere() {
  const come = meeting((resolve) => resolve());
  return { promise: () => new Promise((resolve) => come(resolve)) };
}
