import { hostname } from 'node:os';
import { basename } from 'node:path';
import type { Attributes } from '@opentelemetry/api';
import { flatOf, objectOfFlat } from './attributes.ts';
import type { Resource } from './sdk-interfaces.ts';

declare const __VERSION__: string;

/** The version of this package. */
export const VERSION = __VERSION__;

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: 'x86',
  arm: 'arm32',
  ppc: 'ppc32',
};

/**
 * Describes this process. Includes only the script's path from the command line, because arguments may be secret.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/resource/
 */
export function detectResource(): Attributes {
  const script = process.argv[1];
  return {
    'service.name': 'unknown_service:node',
    'telemetry.sdk.name': 'clew',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.version': VERSION,
    'process.pid': process.pid,
    'process.executable.name': basename(process.execPath),
    ...(script === undefined ? {} : { 'process.command': script }),
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    'host.name': hostname(),
    'host.arch': ARCHITECTURES[process.arch] ?? process.arch,
  };
}

/** Returns the resource of a provider; the given attributes override the detected ones. */
export function resourceOf(given: Readonly<Attributes> = {}): Resource {
  return new FixedResource({ ...detectResource(), ...sanitized(given) });
}

function sanitized(attributes: Readonly<Attributes>): Attributes {
  return objectOfFlat(flatOf(attributes, 65536, Number.POSITIVE_INFINITY).list);
}

/** The parts of OpenTelemetry's `Resource` that its exporters use. */
class FixedResource implements Resource {
  readonly attributes: Attributes;
  readonly asyncAttributesPending = false;

  constructor(attributes: Attributes) {
    this.attributes = attributes;
  }

  async waitForAsyncAttributes(): Promise<void> {}

  merge(other: Resource | null): Resource {
    return other === null ? this : new FixedResource({ ...this.attributes, ...other.attributes });
  }

  getRawAttributes(): [string, unknown][] {
    return Object.entries(this.attributes);
  }
}
