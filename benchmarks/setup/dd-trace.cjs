// Datadog's tracer with its default plugins. Its agent is the sink, which recognizes the process by the host name: the
// tracer ignores a path in the agent's URL. The other settings are in variants.mjs.
const { OTEL_SERVICE_NAME, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_BSP_SCHEDULE_DELAY } = process.env;
const { port, pathname } = new URL(OTEL_EXPORTER_OTLP_ENDPOINT);

// dd-trace would read these as well.
for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];

require('dd-trace').init({
  service: OTEL_SERVICE_NAME,
  url: `http://${pathname.slice(1).replaceAll('/', '.')}.localhost:${port}`,
  lookup: resolveToLoopback,
  flushInterval: Number(OTEL_BSP_SCHEDULE_DELAY),
});

/** Not every system resolves the names below `localhost`. */
function resolveToLoopback(_host, { all }, callback) {
  const found = { address: '127.0.0.1', family: 4 };
  if (all) callback(null, [found]);
  else callback(null, found.address, found.family);
}
