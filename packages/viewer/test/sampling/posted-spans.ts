type Value = string | number;

/** The time at which posted spans start, in milliseconds since 1970. */
export const POSTED_AT = 1_782_907_200_000;

/** A root span as OTLP JSON. */
export function rootSpan(index: number, attributes: Readonly<Record<string, Value>>, rest: object = {}) {
  return {
    traceId: (index + 1).toString(16).padStart(32, '0'),
    spanId: (index + 1).toString(16).padStart(16, '0'),
    name: 'GET /orders/:id',
    kind: 2,
    startTimeUnixNano: `${POSTED_AT}000000`,
    endTimeUnixNano: `${POSTED_AT}000000`,
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key,
      value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value },
    })),
    ...rest,
  };
}

/** Sends spans of a service to a collector. */
export async function post(url: string, spans: readonly object[], service = 'shop'): Promise<void> {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] };
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
  });
  expect(response.status).toBe(200);
}
