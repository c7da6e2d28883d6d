import { ATTR, aws, guard, http } from '@clew/core/plugin';
import type { Attributes } from '@opentelemetry/api';

type Fields = aws.Fields;
const { headersOf, isRecord, textOf } = aws;

/** A request of API Gateway, of a function's URL, or of a load balancer. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly route: string | undefined;
  readonly headers: aws.ReceivedHeaders;
  /** The host that the client has sent the request to. */
  readonly host: string | undefined;
  readonly clientAddress: string | undefined;
  /** Whether a response without a status is the body of a response with 200. */
  readonly defaultsToOk: boolean;
}

/** Reads a request in payload format 1 or 2; `undefined` for another event. */
export function readRequest(event: Fields): HttpRequest | undefined {
  const { requestContext } = event;
  if (!isRecord(requestContext)) return undefined;
  const { http: second, identity, domainName } = requestContext;
  const [inSecond, client] = [fieldsOf(second), fieldsOf(identity)];
  const method = event.httpMethod ?? inSecond.method;
  if (typeof method !== 'string') return undefined;
  const headers = { ...headersOf(event.headers), ...headersOf(event.multiValueHeaders) };
  return {
    method,
    path: textOf(event.path) ?? textOf(event.rawPath) ?? '/',
    route: textOf(event.resource) ?? textOf(event.routeKey)?.split(' ')[1],
    headers,
    host: textOf(domainName) ?? headerOf(headers, 'host'),
    clientAddress:
      textOf(client.sourceIp) ??
      textOf(inSecond.sourceIp) ??
      headerOf(headers, 'x-forwarded-for')?.split(',', 1)[0],
    defaultsToOk: event.version === '2.0',
  };
}

/** The attributes of a request; never headers, cookies, the query or the body. */
export function describeRequest(request: HttpRequest): Attributes {
  const { method, path, route, headers, host, clientAddress } = request;
  const userAgent = headerOf(headers, 'user-agent');
  const attributes: Attributes = {
    [ATTR.urlPath]: path,
    [ATTR.urlScheme]: headerOf(headers, 'x-forwarded-proto') ?? 'https',
    ...(route && { [ATTR.httpRoute]: route }),
    ...(host && { [ATTR.serverAddress]: host.replace(/:\d+$/, '') }),
    ...(clientAddress && { [ATTR.clientAddress]: clientAddress }),
    ...(userAgent && { [ATTR.userAgentOriginal]: userAgent }),
  };
  http.addMethod(attributes, method);
  return attributes;
}

/** The status of the response that a handler has returned; `undefined` if it has no status. */
export function statusOf(response: unknown, { defaultsToOk }: HttpRequest): number | undefined {
  return guard('reading a response', () => {
    const status = (response as { readonly statusCode?: unknown } | null | undefined)?.statusCode;
    // Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    if (status === undefined && defaultsToOk) return 200;
    return typeof status === 'number' ? status : undefined;
  });
}

function headerOf(headers: aws.ReceivedHeaders, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return Array.isArray(value) ? value[0] : (value as string | undefined);
}

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}
