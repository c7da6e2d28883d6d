// A service whose node:http OpenCensus traces. It calls the service NEXT.
const { once } = require('node:events');
const http = require('node:http');
const { text } = require('node:stream/consumers');
const { plugin } = require('@opencensus/instrumentation-http');
const { tracer } = require('./opencensus-tracer.cjs');
const { response, serve } = require('./serve.cjs');

const { NEXT, ZIPKIN } = process.env;
plugin.enable(http, tracer, process.version, { ignoreOutgoingUrls: [ZIPKIN] }, '');

serve(async (incoming, outgoing) => {
  const [answer] = await once(http.get(NEXT), 'response');
  outgoing.end(response(incoming, await text(answer)));
});
