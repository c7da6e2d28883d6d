// Jaeger's sampling endpoint: `GET /sampling?service=NAME`.
import { AdaptiveAggregator, type AdaptiveOptions, type CollectedSpan } from './adaptive-aggregator.ts';
import { type HttpServer, startHttpServer } from './http-server.ts';

/** A running sampling endpoint. */
export interface JaegerServer extends HttpServer {
  readonly url: string;
  /** Responds with these strategies for a service: an object, or a text as it is. */
  serve(service: string, response: object | string): void;
  /** The adaptive sampling of a service for which nothing is served. Created at the first use. */
  adaptive(service: string): AdaptiveAggregator;
  /** Passes a span to the adaptive sampling of its service. */
  collect(span: CollectedSpan): void;
}

export async function startJaegerServer(options: AdaptiveOptions = {}): Promise<JaegerServer> {
  const served = new Map<string, string>();
  const aggregators = new Map<string, AdaptiveAggregator>();
  const adaptive = (service: string): AdaptiveAggregator => {
    const aggregator = aggregators.get(service) ?? new AdaptiveAggregator(options);
    aggregators.set(service, aggregator);
    return aggregator;
  };
  const server = await startHttpServer(({ path }, response) => {
    const { pathname, searchParams } = new URL(path, 'http://localhost');
    const services = searchParams.getAll('service');
    if (pathname !== '/sampling') response.writeHead(404).end();
    else if (services.length !== 1)
      response.writeHead(400).end("'service' parameter must be provided once\n");
    else {
      const [service = ''] = services;
      const body = served.get(service) ?? JSON.stringify(adaptive(service).response());
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    }
  });
  return {
    ...server,
    url: `${server.origin}/sampling`,
    serve: (service, response) =>
      void served.set(service, typeof response === 'string' ? response : JSON.stringify(response)),
    adaptive,
    collect: (span) => adaptive(span.service).collect(span),
  };
}
