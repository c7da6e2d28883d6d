// Tools with which the cases let code outside a request, or of another request, call a request's work.
import { rootContext } from '@clew/core';
import { context } from '@opentelemetry/api';

/** A promise that is resolved in the next turn of the event loop. */
export function nextTurn() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Calls `fn` in a later turn of the event loop, in no request's context. */
export function outsideRequests(fn) {
  context.with(rootContext, () => setImmediate(fn));
}

/**
 * Returns a function that stores an item of a request. When two requests have stored one, `use` is called with both
 * items, in the context of the second request: as an application does that collects callbacks and calls them together.
 */
export function whenTwoArrive(use) {
  let items = [];
  return (item) => {
    items.push(item);
    if (items.length < 2) return;
    const both = items;
    items = [];
    for (const each of both) use(each);
  };
}

/** Creates promises in pairs; the request that creates the second one resolves both. */
export function resolvedByAnother() {
  const arrive = whenTwoArrive((resolve) => resolve());
  return { promise: () => new Promise((resolve) => arrive(resolve)) };
}
