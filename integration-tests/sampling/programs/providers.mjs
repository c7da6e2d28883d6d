// Starts all providers within a traced operation and ends without stopping them. Prints the names of the exported spans.
// Usage: providers.mjs <wait | leave> <file> <policies URL> <Jaeger URL> <X-Ray URL> <OpAMP URL>
import { once } from 'node:events';
import { init } from '@clew/node';
import { FileProvider, HttpProvider, JaegerProvider, OpampProvider, XRayProvider } from '@clew/sampling';
import { trace } from '@opentelemetry/api';

const [mode, path, policies, jaeger, xray, opamp] = process.argv.slice(2);
const spans = [];
const exporter = {
  export: (batch, done) => {
    for (const { name } of batch) spans.push(name);
    done({ code: 0 });
  },
  shutdown: async () => {},
};
const clew = init({ exporter: false, spanExporters: [exporter] });
const resource = { 'service.name': 'shop' };
const providers = [
  new FileProvider({ path, intervalMs: 20 }),
  new HttpProvider({ url: policies, intervalMs: 20 }),
  new JaegerProvider({ url: jaeger, intervalMs: 20, serviceName: 'shop' }),
  new XRayProvider({ url: xray, intervalMs: 20, targetsIntervalMs: 20, resource }),
  new OpampProvider({ url: opamp, intervalMs: 20, resource }),
];
const loaded = new EventTarget();
const names = new Set();

trace.getTracer('application').startActiveSpan('operation', (span) => {
  for (const provider of providers) {
    provider.start((_rules, version) => {
      if (version !== 'fallback') names.add(provider.name);
      if (names.size === providers.length) loaded.dispatchEvent(new Event('all'));
    });
  }
  span.end();
});
if (mode === 'wait') {
  const keepAlive = setInterval(() => {}, 1000);
  await once(loaded, 'all');
  clearInterval(keepAlive);
}
await clew.flush();
console.log(JSON.stringify({ spans, loaded: names.size }));
