// The templates for HTTP servers, clients and frameworks.
export { reportSecondTracer } from '../kit/second-tracer.ts';
export { addMethod, methodName, REDACTED_QUERY_PARAMS, withoutQuery } from '../templates/http-attributes.ts';
export { httpClient as client } from '../templates/http-client.ts';
export { HttpFramework as Framework } from '../templates/http-framework.ts';
export { httpServer as server } from '../templates/http-server.ts';
export { MountedRequest } from '../templates/mounted-request.ts';
export { joinRoute } from '../templates/route.ts';
export { RoutedRequest } from '../templates/routed-request.ts';
export { serverRequestOf } from '../templates/server-request.ts';
