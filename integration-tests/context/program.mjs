// Tests every way with two concurrent requests on one context manager (`async` or `stack`) and prints the outcomes as
// JSON: `follows` (the context was kept), `lost` (work ran in no request's context), `mixed` (in the other request's).
import { AsyncContextManager, bind, rootContext, StackContextManager } from '@clew/core';
import { context } from '@opentelemetry/api';
import { contextOf, currentTrace, install } from './trace-of.mjs';
import { groups } from './ways/all.mjs';

const [manager = 'async'] = process.argv.slice(2);
const REQUESTS = ['a'.repeat(32), 'b'.repeat(32)];
/** Groups whose work runs where another context manager is installed. */
const OTHER_MANAGERS = new Set(['threads', 'processes']);
/** With `stack`, a request has no context after its first `await`. */
const ROUNDS = manager === 'stack' ? 1 : 3;

install(manager === 'stack' ? new StackContextManager() : new AsyncContextManager());

const results = [];
for (const [group, ways] of Object.entries(groups)) {
  if (manager === 'stack' && OTHER_MANAGERS.has(group)) continue;
  for (const way of ways) {
    const { needs, reason, skip, sync = false } = way;
    const row = { group, way: way.way, needs, reason, sync };
    if (skip !== undefined) results.push({ ...row, skip });
    else results.push({ ...row, plain: await outcomeOf(way, plain), helped: await outcomeOf(way, helped) });
  }
}
const left = currentTrace();
process.stdout.write(JSON.stringify({ node: process.version, manager, left, results }));

function plain(way, request, shared) {
  return way.hand(request, shared);
}

function helped(way, request, shared) {
  // With `stack`, a task has no context after its own first `await`: the rest is bound, too.
  const work = way.helped && manager !== 'stack' ? request.work : request.bound;
  return (way.helped ?? way.hand)({ ...request, work }, shared);
}

async function outcomeOf(way, hand) {
  const shared = await way.open?.();
  const seen = await Promise.all(
    REQUESTS.map((traceId) => context.with(contextOf(traceId), () => serve(way, hand, shared))),
  );
  // No context of a request may still be current.
  await context.with(rootContext, () => way.close?.(shared));
  return verdict(seen);
}

/** One request: it passes work on several times, and checks its own context in between. */
async function serve(way, hand, shared) {
  const seen = [];
  for (let round = 0; round < ROUNDS; round++) {
    const report = (traceId) => seen.push(traceId);
    const work = () => report(currentTrace());
    await hand(way, { work, report, bound: bind(work) }, shared);
    if (manager !== 'stack') work();
  }
  return seen;
}

function verdict(seen) {
  if (seen.some((traces) => traces.length === 0)) return 'never ran';
  const strange = seen.flatMap((traces, request) => traces.filter((trace) => trace !== REQUESTS[request]));
  if (strange.length === 0) return 'follows';
  return strange.some((trace) => trace !== 'none') ? 'mixed' : 'lost';
}
