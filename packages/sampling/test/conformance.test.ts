import { type LocalRoot, withIncoming } from '@clew/core/internal';
import { type Attributes, createTraceState, propagation, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { PolicySampler } from '../src/index.ts';
import { type Expectation, FILES, type Group, type Request } from './conformance-cases.ts';
import { decide } from './local-root.ts';
import { signedContext } from './signed-context.ts';

const mockClock = { nowMs: 0 };
jest.mock('@clew/core/internal', () => {
  const actual = jest.requireActual('@clew/core/internal');
  return { ...actual, originals: { ...actual.originals, monotonicNow: () => mockClock.nowMs } };
});

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

const CONTEXTS = {
  root: ROOT_CONTEXT,
  'remote-sampled': ROOT_CONTEXT,
  'remote-unsampled': ROOT_CONTEXT,
  signed: signedContext(),
  debug: withIncoming(ROOT_CONTEXT, { links: [], samplingHint: 'force' }),
};
const FLAGS = { root: -1, 'remote-sampled': 1, 'remote-unsampled': 0, signed: 0, debug: -1 };

function attributesOf(request: Request): Attributes {
  const { kind = 'server', queue, rpcMethod, host } = request;
  const isHttp = kind === 'server' && queue === undefined && rpcMethod === undefined;
  const { method = isHttp ? 'GET' : undefined, path = isHttp ? '/' : undefined } = request;
  return {
    ...(method !== undefined && { 'http.request.method': method }),
    ...(path !== undefined && { 'url.path': path }),
    ...(host !== undefined && { 'server.address': host }),
    ...(queue !== undefined && { 'messaging.destination.name': queue }),
    ...(rpcMethod !== undefined && { 'rpc.method': rpcMethod }),
    ...request.attributes,
  };
}

function rootOf(request: Request): LocalRoot {
  const { kind = 'server', origin = 'root', random = '80000000000000', tracestate, baggage } = request;
  const attributes = attributesOf(request);
  const entries = Object.entries(baggage ?? {}).map(([key, value]) => [key, { value }]);
  const context = CONTEXTS[origin];
  return {
    name: request.name ?? String(attributes['http.request.method'] ?? 'span'),
    kind: KINDS[kind],
    attributes,
    context:
      baggage === undefined
        ? context
        : propagation.setBaggage(context, propagation.createBaggage(Object.fromEntries(entries))),
    parentFlags: FLAGS[origin],
    traceState: tracestate === undefined ? undefined : createTraceState(tracestate),
    randomHigh: Number.parseInt(random.slice(0, 6), 16),
    randomLow: Number.parseInt(random.slice(6), 16),
  };
}

function droppedBy(sampler: PolicySampler): Map<string, number> {
  return new Map(Object.entries(sampler.stats().byPolicy).map(([id, { dropped }]) => [id, dropped]));
}

/** What the sampler decides about a request, in the form of an expectation. */
function outcomeOf(sampler: PolicySampler, request: Request): Expectation {
  mockClock.nowMs = request.atMs ?? mockClock.nowMs;
  const before = droppedBy(sampler);
  let at: 'start' | 'route' | 'end' = 'start';
  let decision = decide(sampler, rootOf(request));
  if (decision.pending?.needsRoute === true && typeof request.route === 'string') {
    at = 'route';
    decision = decision.pending.atRoute(request.route);
  }
  if (decision.pending !== undefined) {
    at = 'end';
    const { error: isError = false, durationMs = 1 } = request;
    decision = decision.pending.atEnd({ isError, durationMs });
  }
  const { sampled, attributes = {}, traceState } = decision;
  const after = droppedBy(sampler);
  const dropper = [...after].find(([id, count]) => count > (before.get(id) ?? 0))?.[0];
  const policy = sampled ? (attributes['clew.sampling.policy'] as string | undefined) : dropper;
  const kept = attributes['clew.sampling.kept'] as string | undefined;
  const th = /(?:^|;)th:([^;]*)/.exec(traceState?.get('ot') ?? '')?.[1];
  return {
    sampled,
    ...(policy !== undefined && { policy }),
    ...(kept !== undefined && { kept }),
    ...(th !== undefined && { th }),
    ...(at !== 'start' && { at }),
  };
}

function samplerOf({ policies, options, resource = {} }: Group): PolicySampler {
  return new PolicySampler({ ...options, policies, resource });
}

describe.each(FILES.map((file) => [file.title, file.groups] as const))('%s', (_title, groups) => {
  beforeEach(() => {
    mockClock.nowMs = 0;
  });

  test.each(groups.map((group) => [group.title, group] as const))('%s', (_name, group) => {
    const sampler = samplerOf(group);
    for (const request of group.requests) {
      const outcome = outcomeOf(sampler, request);
      expect({ request, outcome }).toEqual({ request, outcome: request.expect });
    }
  });

  test('the order of the policies does not matter', () => {
    for (const group of groups) {
      mockClock.nowMs = 0;
      const sampler = samplerOf({ ...group, policies: group.policies.toReversed() });
      for (const request of group.requests) {
        const outcome = outcomeOf(sampler, request);
        expect({ group: group.title, request, outcome }).toEqual({
          group: group.title,
          request,
          outcome: request.expect,
        });
      }
    }
  });
});

test('there are at least 200 cases', () => {
  const requests = FILES.flatMap(({ groups }) => groups).flatMap((group) => group.requests);
  expect(requests.length).toBeGreaterThan(200);
});
