import { setPropagationDefaults } from '@clew/core/internal';
import { context, propagation } from '@opentelemetry/api';
import { TRACE_ID, TRACEPARENT, trustingServer } from './trusting-server.ts';

const { seen, sendTo } = trustingServer();

describe('trust by path', () => {
  beforeEach(() =>
    setPropagationDefaults({
      trust: [
        { path: '/internal/*', trace: 'continue' },
        { trace: 'ignore', baggage: 'drop' },
      ],
    }),
  );
  afterEach(() => setPropagationDefaults({ trust: { trace: 'link', baggage: 'drop' } }));

  test.each(['/internal/x', '/internal/x?next=/../public', 'http://shop/internal/x'])(
    'a rule for /internal/* trusts %s',
    async (target) => {
      await sendTo(target, `traceparent: ${TRACEPARENT}`);
      expect(seen[0]?.traceId).toBe(TRACE_ID);
    },
  );

  test.each([
    '/internal/../public',
    '/internal/%2e%2e/public',
    '/internal/..%2Fpublic',
    '/internal/..;/public',
    '/internal/..\\public',
    '//internal/x',
    'http:///internal/x',
    'http://shop/internal/../public',
  ])('a rule for /internal/* does not trust %s', async (target) => {
    await sendTo(target, `traceparent: ${TRACEPARENT}`, 'baggage: admin=yes');
    expect(seen).not.toContainEqual(expect.objectContaining({ traceId: TRACE_ID }));
    expect(seen.flatMap(({ baggage }) => baggage)).toEqual([]);
  });
});

describe('outgoing requests', () => {
  test('encode a line break in baggage, so that it cannot start another header', async () => {
    const carrier: Record<string, string> = {};
    const baggage = propagation.createBaggage({ key: { value: 'a\r\nset-cookie: b' } });
    propagation.inject(propagation.setBaggage(context.active(), baggage), carrier);
    expect(carrier.baggage).toBe('key=a%0D%0Aset-cookie%3A%20b');
  });
});
