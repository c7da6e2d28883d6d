import type http from 'node:http';
import { context, propagation } from '@opentelemetry/api';
import {
  callBackend,
  causedBy,
  onBackendRequest,
  service,
  signed,
  TRACE_HEADERS,
  TRACEPARENT,
  useSigningService,
} from './signing-service.ts';

useSigningService();

describe('outgoing baggage', () => {
  const callWithOwnBaggage = () => {
    const own = propagation.createBaggage({ own: { value: 'yes' } });
    context.with(propagation.setBaggage(context.active(), own), () => callBackend());
  };

  test('is not signed if it was received unsigned with a signed trace', async () => {
    const headers = { ...signed({ traceparent: TRACEPARENT }), baggage: 'tenant=acme' };
    const { baggage, covered } = await causedBy(headers);
    expect({ baggage, covered }).toEqual({ baggage: 'tenant=acme', covered: TRACE_HEADERS });
  });

  test('is signed if it was received signed', async () => {
    const { baggage, covered } = await causedBy(signed({ traceparent: TRACEPARENT, baggage: 'tenant=acme' }));
    expect({ baggage, covered }).toEqual({
      baggage: 'tenant=acme',
      covered: ['baggage', ...TRACE_HEADERS],
    });
  });

  test('stays unsigned when the application adds an entry', async () => {
    const sent: http.IncomingHttpHeaders[] = [];
    onBackendRequest((headers) => sent.push(headers));
    service.inHandler = () => {
      const more = propagation.getActiveBaggage()?.setEntry('own', { value: 'yes' });
      if (more === undefined) throw new Error('expected baggage');
      context.with(propagation.setBaggage(context.active(), more), () => callBackend());
    };
    await causedBy({ ...signed({ traceparent: TRACEPARENT }), baggage: 'tenant=acme' });
    const mixed = sent.find((headers) => headers.baggage === 'tenant=acme,own=yes');
    expect(mixed?.['clew-signature']).toMatch(/;h=traceparent,x-trace-info,x-trace-hmac;s=/);
  });

  test('is signed if the application set it, although the trace was received unsigned', async () => {
    const sent: http.IncomingHttpHeaders[] = [];
    onBackendRequest((headers) => sent.push(headers));
    service.inHandler = callWithOwnBaggage;
    await causedBy({ traceparent: TRACEPARENT });
    expect(sent.find(({ baggage }) => baggage === 'own=yes')?.['clew-signature']).toMatch(/;h=baggage;s=/);
  });
});
