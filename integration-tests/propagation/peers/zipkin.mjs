import zipkin from 'zipkin';

const { ExplicitContext, Instrumentation, option, Request, sampler, Tracer } = zipkin;
const tracers = new Map([true, false].map((sampled) => [sampled, tracerOf(sampled)]));

export function startTrace({ sampled }) {
  const id = tracers.get(sampled).createRootId();
  return { span: idsOf(id), headers: headersOf(id) };
}

/** Zipkin's server span has the ID of the client span; requests that the server sends are its children. */
export function continueTrace({ headers }) {
  const tracer = tracers.get(true);
  return tracer.scoped(() => {
    const server = new Instrumentation.HttpServer({ tracer, port: 0 });
    const read = (name) => {
      const value = headers[name.toLowerCase()];
      return value === undefined ? option.None : new option.Some(value);
    };
    const received = server.recordRequest('GET', 'http://peer/', read);
    const client = new Instrumentation.HttpClient({ tracer, remoteServiceName: 'clew' });
    const request = client.recordRequest({ headers: {} }, 'http://clew/', 'GET');
    return { received: idsOf(received), span: idsOf(tracer.id), headers: lowerCase(request.headers) };
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
