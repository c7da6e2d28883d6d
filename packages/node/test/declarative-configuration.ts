const EXPORTER = 'batch: { exporter: { otlp_http: {} } }';

/** A configuration file with this tracer provider. */
export const traces = (more: string, processor = EXPORTER) => `
file_format: "1.0"
tracer_provider:
  processors: [${processor}]
${more.replace(/^/gm, '  ')}
`;
