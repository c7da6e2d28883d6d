// Read by the test and by the program that it runs: only syntax that Node itself can strip.

/** Invalid options, and the error of `init()` for each. */
export const WRONG_OPTIONS: readonly (readonly [options: unknown, message: string])[] = [
  ['shop', '@clew/node: expected the options to be an object, got "shop"'],
  [null, '@clew/node: expected the options to be an object, got null'],
  [{ name: 'shop' }, /expected init\(\) to have options among serviceName, resource, .*, got "name"$/.source],
  [{ serviceName: '' }, '@clew/node: expected serviceName to be a non-empty string, got ""'],
  [{ serviceName: 7 }, '@clew/node: expected serviceName to be a non-empty string, got 7'],
  [{ resource: 'shop' }, '@clew/node: expected resource to be an object of attributes, got "shop"'],
  [
    { context: 'thread' },
    '@clew/node: expected context to be "async" | "stack" | a ContextManager, got "thread"',
  ],
  [{ context: { active: 1 } }, /expected context to be "async" \| "stack" \| a ContextManager, got /.source],
  [{ strictContext: 'yes' }, '@clew/node: expected strictContext to be true or false, got "yes"'],
  [{ propagation: null }, '@clew/node: expected propagation to be an object of options, got null'],
  [
    { propagation: { formats: [] } },
    /expected propagation to have options among extract, .*, got "formats"$/.source,
  ],
  [
    { propagation: { extract: 'b3' } },
    '@clew/node: expected propagation.extract to be a list of formats, got "b3"',
  ],
  [
    { propagation: { extract: ['osprofiler'] } },
    "@clew/node: propagation.extract can't have osprofiler: CLEW_OSPROFILER_HMAC_KEYS contains no key",
  ],
  [
    { propagation: { inject: ['b4'] } },
    /expected propagation\.inject\[0\] to be a format or one of .*got "b4"$/.source,
  ],
  [
    { propagation: { trust: 'never' } },
    /expected propagation\.trust to be "continue" .* got "never"$/.source,
  ],
  [{ propagation: { sendTo: 5 } }, /expected propagation\.sendTo to be .* got 5$/.source],
  [{ propagation: { sendBaggageTo: [{}] } }, /expected propagation\.sendBaggageTo to be .* got /.source],
  [
    { propagation: { signature: {} } },
    '@clew/core: expected signature.keys to hold at least one key, got none',
  ],
  [{ propagation: { signature: { keys: { a: 'short' } } } }, /^@clew\/core: expected .*16/.source],
  [
    { propagation: { signature: { key: 'a' } } },
    /^@clew\/core: expected signature to have options among keys, maxAgeMs, .*, got "key"$/.source,
  ],
  [{ sampler: 'always_on' }, /^@clew\/tracer: expected sampler .* got "always_on"$/.source],
  [{ sampling: 'file' }, '@clew/node: expected sampling to be an object of options, got "file"'],
  [
    { sampling: { policy: [] } },
    /^@clew\/node: expected sampling to have options among file, url, opampUrl, .*, got "policy"$/.source,
  ],
  [{ sampling: { file: '' } }, '@clew/node: expected sampling.file to be a path, got ""'],
  [{ sampling: { url: 'nowhere' } }, /^@clew\/sampling: expected http\.url .*, got "nowhere"$/.source],
  [
    { sampling: { policies: [{ id: 'a', keep: { ratio: 2 } }] } },
    /^@clew\/sampling: expected policies\[0\]\.keep\.ratio .* got 2$/.source,
  ],
  [{ sampling: { followParent: 1 } }, /^@clew\/sampling: expected followParent .*, got 1$/.source],
  [{ sampling: { providers: {} } }, /^@clew\/node: expected sampling\.providers to be a list, got /.source],
  [
    { sampling: {}, sampler: { shouldSample: 1 } },
    /^@clew\/node: expected sampler to be undefined where sampling is set, got /.source,
  ],
  [{ lateBufferBytes: 1 }, '@clew/tracer: expected lateBufferBytes in [65536, 1073741824], got 1'],
  [
    { exporter: 'http://localhost' },
    '@clew/node: expected exporter to be an object of options, or false, got "http://localhost"',
  ],
  [{ exporter: true }, '@clew/node: expected exporter to be an object of options, or false, got true'],
  [
    { exporter: { endpoint: 'http://localhost' } },
    /^@clew\/tracer: expected exporter to have options among url, .*, got "endpoint"$/.source,
  ],
  [
    { exporter: { url: 'localhost:4318' } },
    /^@clew\/tracer: expected exporter\.url .* got "localhost:4318"$/.source,
  ],
  [{ exporter: { timeoutMs: 0 } }, '@clew/tracer: expected exporter.timeoutMs in [1, 600000], got 0'],
  [{ limits: 5 }, '@clew/node: expected limits to be an object of limits, got 5'],
  [{ limits: { eventCount: -1 } }, '@clew/tracer: expected limits.eventCount in [0, 65536], got -1'],
  [{ limits: { events: 1 } }, /^@clew\/tracer: expected limits\.events to be one of /.source],
  [{ spanProcessors: {} }, /^@clew\/node: expected spanProcessors to be a list, got /.source],
  [{ spanProcessors: [{}] }, /^@clew\/tracer: expected spanProcessors\[0\] to have onStart\(\)/.source],
  [{ spanExporters: [1] }, /^@clew\/tracer: expected spanExporters\[0\] to have export\(\), got 1$/.source],
  [{ instrumentations: 'http' }, '@clew/node: expected instrumentations to be a list, got "http"'],
  [
    { instrumentations: ['http'] },
    '@clew/node: expected instrumentations[0] to be an OpenTelemetry instrumentation, got "http"',
  ],
  [{ plugins: [] }, /^@clew\/node: expected plugins to be an object of plugins’ options, got /.source],
  [
    { plugins: { rails: {} } },
    /^@clew\/node: expected plugins\.rails to be an installed plugin \(.*http/.source,
  ],
  [
    { plugins: { http: true } },
    '@clew/node: expected plugins.http to be an object of options, or false, got true',
  ],
  [
    { plugins: { express: { layers: 'some' } } },
    '@clew/instrumentation-express: expected layers to be "none" | "slow" | "all", got "some"',
  ],
  [
    { plugins: { express: { layer: 'all' } } },
    /^@clew\/instrumentation-express: there is no option "layer"; the options are layers, /.source,
  ],
  [{ discover: 'no' }, '@clew/node: expected discover to be true or false, got "no"'],
  [{ logLevel: 'loud' }, /expected logLevel to be one of none, error, warn, .* got "loud"$/.source],
  [{ logLevel: 3 }, /expected logLevel to be one of none, error, warn, .* got 3$/.source],
  [{ console: 'xml' }, '@clew/node: expected console to be "text" or "json", got "xml"'],
  [{ console: true }, '@clew/node: expected console to be "text" or "json", got true'],
  [{ flushTimeoutMs: -1 }, '@clew/node: expected flushTimeoutMs to be a number in [0, 60000], got -1'],
  [{ flushTimeoutMs: '5' }, '@clew/node: expected flushTimeoutMs to be a number in [0, 60000], got "5"'],
];
