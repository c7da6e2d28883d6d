// The templates for HTTP servers and clients.
export { reportSecondTracer } from '../kit/second-tracer.ts';
export { REDACTED_QUERY_PARAMS, withoutQuery } from '../templates/http-attributes.ts';
export { httpClient as client } from '../templates/http-client.ts';
export { httpServer as server } from '../templates/http-server.ts';
