import { installClew, makeProject, type Receiver, startReceiver } from './doctor-project.ts';
import { expectExplained, NODE, type SetUp } from './set-up.ts';

const CONNECTION_REFUSED = 'http://127.0.0.1:1';

const SET_UPS: readonly SetUp[] = [
  {
    name: 'an ES module that is started without the preload',
    prepare: (project) => project.write('app.mjs', ''),
    args: ['--as-is', '--', NODE, 'app.mjs'],
    problems: [
      {
        id: 'not-started',
        problem: 'the application has not started Clew',
        advice: 'Start it with the preload: node --import @clew/node/register app.js',
      },
    ],
  },
  {
    name: 'a preload with a misspelt name',
    args: ['--as-is', '--', NODE, '--import', '@clew/node/regsiter', 'app.cjs'],
    problems: [
      {
        id: 'not-found',
        problem: "@clew/node/regsiter can't be found",
        advice: /The preload is @clew\/node\/register/,
      },
    ],
  },
  {
    name: 'a misspelt option of Node.js',
    args: ['--', NODE, '--improt', '@clew/node/register', 'app.cjs'],
    problems: [
      {
        id: 'node-option',
        problem: 'Node.js does not accept an option of the command or of NODE_OPTIONS',
        advice: /that of the preload is --import @clew\/node\/register/,
      },
    ],
  },
  {
    name: 'a receiver that is down',
    variables: { OTEL_EXPORTER_OTLP_ENDPOINT: CONNECTION_REFUSED },
    problems: [
      {
        id: 'exporter-unreachable',
        problem: "spans can't be sent to http://127.0.0.1:1/v1/traces: connect ECONNREFUSED 127.0.0.1:1",
        advice: /^Start a receiver there \(npx clew view\)/,
      },
    ],
  },
  {
    name: 'the port of OTLP over gRPC',
    variables: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317' },
    problems: [
      {
        id: 'exporter-grpc',
        problem: /^http:\/\/127\.0\.0\.1:4317\/v1\/traces is the port of OTLP over gRPC/,
        advice: /by default 4318/,
      },
    ],
  },
  {
    name: 'tracing that is disabled',
    variables: { OTEL_SDK_DISABLED: 'true' },
    problems: [{ id: 'disabled', problem: /^Clew is disabled/, advice: /^Remove OTEL_SDK_DISABLED/ }],
  },
  {
    name: 'spans that are not exported',
    variables: { OTEL_TRACES_EXPORTER: 'none' },
    problems: [
      {
        id: 'exporter-off',
        problem: /no exporter is configured$/,
        advice: /^Remove OTEL_TRACES_EXPORTER=none/,
      },
    ],
  },
  {
    name: 'a variable with an invalid value',
    variables: { CLEW_TRUST: 'perhaps' },
    problems: [
      {
        id: 'invalid-variable',
        problem: /^@clew\/node: expected CLEW_TRUST to be .*, got "perhaps"; the default is used$/,
        advice: 'Correct or remove CLEW_TRUST.',
      },
    ],
  },
  {
    name: 'a plugin without the field "clew"',
    prepare: (project) => project.library('@clew/instrumentation-broken', '1.0.0'),
    problems: [
      {
        id: 'broken-plugin',
        problem:
          /^@clew\/instrumentation-broken is left out: |^@clew\/node: @clew\/instrumentation-broken is left out: /,
        advice: 'Install a working version: npm install @clew/instrumentation-broken',
      },
    ],
  },
  {
    name: 'two plugins with one short name',
    prepare: (project) => {
      const field = JSON.stringify({ class: 'Toy', targets: [{ module: 'toy' }] });
      for (const name of ['@acme/clew-plugin-toy', 'clew-plugin-toy'])
        project.write(`node_modules/${name}/package.json`, `{ "name": "${name}", "clew": ${field} }`);
      const dependencies = '{ "@acme/clew-plugin-toy": "1", "clew-plugin-toy": "1" }';
      project.write('package.json', `{ "name": "shop", "dependencies": ${dependencies} }`);
    },
    problems: [
      {
        id: 'same-name',
        problem: /are both called "toy" in options/,
        advice: 'Set OTEL_NODE_DISABLED_INSTRUMENTATIONS=@acme/clew-plugin-toy.',
      },
    ],
  },
  {
    name: 'a plugin that CLEW_INSTRUMENTATIONS names and that is not installed',
    variables: { CLEW_INSTRUMENTATIONS: 'acme-plugin' },
    problems: [
      {
        id: 'missing-package',
        problem: /"acme-plugin" in CLEW_INSTRUMENTATIONS is left out/,
        advice: 'npm install acme-plugin',
      },
    ],
  },
  {
    name: 'a configuration file that does not exist',
    variables: { OTEL_CONFIG_FILE: 'missing.yaml' },
    problems: [
      {
        id: 'configuration-file',
        problem: /nothing is traced, because missing\.yaml cannot be used/,
        advice: 'Correct missing.yaml.',
      },
    ],
  },
  {
    name: 'a sampler that keeps nothing',
    app: "require('@opentelemetry/api').trace.getTracer('shop').startSpan('order').end();",
    variables: { OTEL_TRACES_SAMPLER: 'always_off' },
    problems: [
      {
        id: 'nothing-sampled',
        problem: '1 span started, but none was recorded',
        advice: /^Check OTEL_TRACES_SAMPLER/,
      },
    ],
  },
  {
    name: 'an application that fails',
    app: 'process.exitCode = 3;',
    problems: [
      {
        id: 'application-failed',
        problem: 'the application ended with status 3',
        advice: /if it fails there too, tracing is not the cause/,
      },
    ],
  },
  {
    name: 'a command that removes NODE_OPTIONS',
    args: ['--', 'env', '-u', 'NODE_OPTIONS', NODE, 'app.cjs'],
    problems: [
      { id: 'no-process', problem: 'no process of Node.js has reported', advice: /keeps NODE_OPTIONS/ },
    ],
  },
];

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver(200);
});
afterAll(() => receiver.close());

test.each(SET_UPS)('doctor explains $name', (setUp) => expectExplained(setUp, receiver));

test.each([
  [401, /^Set the credentials: OTEL_EXPORTER_OTLP_HEADERS/],
  [404, /^Correct the path: \/v1\/traces is appended to OTEL_EXPORTER_OTLP_ENDPOINT/],
  [302, /redirects are not followed/],
  [415, /OTLP\/HTTP receiver/],
  [503, /^Check the receiver's log/],
])('doctor explains a receiver that responds with %i', async (status, advice) => {
  const refusing = await startReceiver(status);
  const project = makeProject(refusing);
  try {
    installClew(project);
    project.write('app.cjs', '');
    const { diagnosis } = await project.doctor(['--', NODE, 'app.cjs']);
    expect(diagnosis.problems).toEqual([
      {
        id: 'exporter-status',
        problem: `${refusing.url}/v1/traces responds with status ${status}`,
        advice: expect.stringMatching(advice),
      },
    ]);
  } finally {
    project.remove();
    refusing.close();
  }
});
