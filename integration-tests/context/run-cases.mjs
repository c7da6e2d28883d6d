// Runs every case with two concurrent requests on one context manager (`async` or `stack`) and prints the outcomes as
// JSON: `follows` (the context was kept), `lost` (work ran in no request's context), `mixed` (in the other request's).
import { AsyncContextManager, bind, rootContext, StackContextManager } from '@clew/core';
import { context } from '@opentelemetry/api';
import { groups } from './cases/all.mjs';
import { contextOf, currentTrace, install } from './current-trace.mjs';

const [manager = 'async'] = process.argv.slice(2);
const REQUESTS = ['a'.repeat(32), 'b'.repeat(32)];
/** Groups whose work runs where another context manager is installed. */
const OTHER_MANAGERS = new Set(['threads', 'processes']);
/** With `stack`, a request has no context after its first `await`. */
const ROUNDS = manager === 'stack' ? 1 : 3;

install(manager === 'stack' ? new StackContextManager() : new AsyncContextManager());

const results = [];
for (const [group, cases] of Object.entries(groups)) {
  if (manager === 'stack' && OTHER_MANAGERS.has(group)) continue;
  for (const each of cases) {
    const { needs, reason, skip, sync = false } = each;
    const row = { group, name: each.name, needs, reason, sync };
    if (skip !== undefined) results.push({ ...row, skip });
    else
      results.push({
        ...row,
        withoutHelp: await outcomeOf(each, run),
        withHelp: await outcomeOf(each, runWithHelp),
      });
  }
}
const traceAtEnd = currentTrace();
process.stdout.write(JSON.stringify({ node: process.version, manager, traceAtEnd, results }));

function run(each, request, shared) {
  return each.run(request, shared);
}

function runWithHelp(each, request, shared) {
  // With `stack`, a task has no context after its own first `await`: the rest is bound, too.
  const work = each.runWithHelp && manager !== 'stack' ? request.work : request.bound;
  return (each.runWithHelp ?? each.run)({ ...request, work }, shared);
}

async function outcomeOf(each, runner) {
  const shared = await each.open?.();
  const seen = await Promise.all(
    REQUESTS.map((traceId) => context.with(contextOf(traceId), () => serve(each, runner, shared))),
  );
  // No context of a request may still be current.
  await context.with(rootContext, () => each.close?.(shared));
  return outcomeFrom(seen);
}

/** One request: it passes work on several times, and checks its own context in between. */
async function serve(each, runner, shared) {
  const seen = [];
  for (let round = 0; round < ROUNDS; round++) {
    const report = (traceId) => seen.push(traceId);
    const work = () => report(currentTrace());
    await runner(each, { work, report, bound: bind(work) }, shared);
    if (manager !== 'stack') work();
  }
  return seen;
}

function outcomeFrom(seen) {
  if (seen.some((traces) => traces.length === 0)) return 'never ran';
  const others = seen.flatMap((traces, request) => traces.filter((trace) => trace !== REQUESTS[request]));
  if (others.length === 0) return 'follows';
  return others.some((trace) => trace !== 'none') ? 'mixed' : 'lost';
}
