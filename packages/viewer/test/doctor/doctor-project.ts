import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Diagnosis } from '../../src/doctor/diagnose.ts';
import { clew } from '../clew-process.ts';

const root = join(__dirname, '..', '..', '..', '..');
/** What `@clew/node` needs from other publishers. */
const LINKED = ['@opentelemetry', 'import-in-the-middle', 'yaml', 're2js'];

export interface DoctorResult {
  readonly status: number;
  readonly diagnosis: Diagnosis;
  readonly stderr: string;
}

/** The folder of an application outside this repository. */
export interface DoctorProject {
  readonly folder: string;
  write(path: string, text: string): void;
  /** Installs Clew's built packages, such as `node` or `instrumentation-express`. */
  install(...names: string[]): void;
  /** Installs a library that is only a name and a version. */
  library(name: string, version: string, source?: string): void;
  /** Installs a library of this repository. */
  link(name: string): void;
  /** Runs `clew doctor --json`, with the exporter set to a receiver that accepts everything. */
  doctor(args: readonly string[], variables?: NodeJS.ProcessEnv): Promise<DoctorResult>;
  remove(): void;
}

export function makeProject(receiver: Receiver): DoctorProject {
  const folder = mkdtempSync(join(tmpdir(), 'clew doctor '));
  const write = (path: string, text: string) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  write('package.json', '{ "name": "shop" }');
  return {
    folder,
    write,
    install: (...names) => {
      for (const name of names) {
        const target = join(folder, 'node_modules', '@clew', name);
        cpSync(join(root, 'packages', name, 'package.json'), join(target, 'package.json'));
        cpSync(join(root, 'packages', name, 'dist'), join(target, 'dist'), { recursive: true });
      }
    },
    library: (name, version, source = 'module.exports = {};') => {
      write(`node_modules/${name}/package.json`, JSON.stringify({ name, version, main: 'index.js' }));
      write(`node_modules/${name}/index.js`, source);
    },
    link: (name) => link(folder, name),
    doctor: async (args, variables = {}) => {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, NODE_OPTIONS: '', ...variables };
      const { status, stdout, stderr } = await clew(['doctor', '--json', ...args], env, folder);
      return { status, stderr, diagnosis: JSON.parse(stdout) };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Installs Clew without plugins. */
export function installClew(project: DoctorProject): void {
  project.install('node', 'core', 'tracer', 'sampling');
  for (const name of LINKED) link(project.folder, name);
}

function link(folder: string, name: string): void {
  mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
  symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
}

/** Installs another copy of the OpenTelemetry API, with an older version, in a folder of the project. */
export function installOldApi(project: DoctorProject, inFolder: string): void {
  const target = join(project.folder, inFolder, 'node_modules', '@opentelemetry', 'api');
  cpSync(join(root, 'node_modules', '@opentelemetry', 'api'), target, { recursive: true });
  const file = join(target, 'package.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), version: '1.9.0' }));
}

export interface Receiver {
  readonly url: string;
  /** The requests received. */
  readonly requests: { readonly url: string; readonly headers: Readonly<Record<string, unknown>> }[];
  close(): void;
}

/** Starts a receiver that responds to every request with one status. */
export async function startReceiver(status: number): Promise<Receiver> {
  const requests: Receiver['requests'] = [];
  const server: Server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', headers: request.headers });
    request.resume().on('end', () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
