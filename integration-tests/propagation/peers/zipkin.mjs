import zipkin from 'zipkin';

const { ExplicitContext, Instrumentation, option, Request, sampler, Tracer } = zipkin;
const tracers = new Map([true, false].map((sampled) => [sampled, tracerOf(sampled)]));

export function begin({ sampled }) {
  const id = tracers.get(sampled).createRootId();
  return { at: idsOf(id), headers: headersOf(id) };
}

/** A server of Zipkin's shares the caller's span; its own calls are children of it. */
export function goOn({ headers }) {
  const tracer = tracers.get(true);
  return tracer.scoped(() => {
    const server = new Instrumentation.HttpServer({ tracer, port: 0 });
    const read = (name) => {
      const value = headers[name.toLowerCase()];
      return value === undefined ? option.None : new option.Some(value);
    };
    const came = server.recordRequest('GET', 'http://peer/', read);
    const client = new Instrumentation.HttpClient({ tracer, remoteServiceName: 'us' });
    const request = client.recordRequest({ headers: {} }, 'http://us/', 'GET');
    return { came: idsOf(came), at: idsOf(tracer.id), headers: lowerCase(request.headers) };
  });
}

function tracerOf(sampled) {
  return new Tracer({
    ctxImpl: new ExplicitContext(),
    recorder: { record() {} },
    sampler: new sampler.Sampler(() => sampled),
    localServiceName: 'peer',
    traceId128Bit: true,
  });
}

function idsOf(id) {
  const sampled = id.isDebug() || id.sampled.getOrElse(false);
  return { traceId: id.traceId, spanId: id.spanId, sampled, debug: id.isDebug() };
}

function headersOf(id) {
  return lowerCase(Request.addZipkinHeaders({ headers: {} }, id).headers);
}

function lowerCase(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
