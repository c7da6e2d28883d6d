import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HandlerVariables } from '@clew/core/internal';
import { diag } from '@opentelemetry/api';

/** A module, a channel or the function of an application that a plugin traces, as declared in its package.json. */
export type StatedTarget =
  | {
      readonly module: string;
      readonly versions?: readonly string[];
      readonly file?: string;
      /** The package's own name, if `module` is an alias under which the application has installed it. */
      readonly aliasOf?: string;
    }
  | { readonly channel: string; readonly tracing?: boolean }
  | { readonly handler: HandlerVariables };

/** An installed plugin, whose code has not been loaded. */
export interface InstalledPlugin {
  /** The package's name, such as `@clew/instrumentation-express`. */
  readonly name: string;
  /** The name in options and variables, such as `express`. */
  readonly shortName: string;
  readonly folder: string;
  /** The name of the exported class. */
  readonly className: string;
  readonly targets: readonly StatedTarget[];
  /** Loads a plugin that is in the application's bundle instead of a folder. */
  readonly load?: () => unknown;
}

/**
 * The content of a package's folder: a plugin, a package without the field `clew`, one with an invalid field, or
 * nothing.
 */
export type PackageReading = InstalledPlugin | 'no plugin' | 'broken' | 'not installed';

interface Statement {
  readonly class: string;
  readonly targets: readonly StatedTarget[];
}

/** The shape of the field `clew`, as quoted in messages. */
export const EXPECTED_FIELD = '"clew": { "class": "…", "targets": […] }';

const PREFIX = /^(clew-)?(instrumentation|plugin)-/;

/**
 * `express` for `@clew/instrumentation-express`, `@acme/clew-instrumentation-express` and `clew-plugin-express`.
 */
export function shortNameOf(packageName: string): string {
  return packageName.slice(packageName.lastIndexOf('/') + 1).replace(PREFIX, '');
}

/**
 * Reads the field `clew` of the package in a folder. Logs a warning with the reason if the field is invalid, or if
 * it is missing and `isExpected`.
 */
export function readPlugin(folder: string, installedAs: string, isExpected = false): PackageReading {
  try {
    const text = readText(join(folder, 'package.json'));
    if (text === undefined) return 'not installed';
    // Most packages are not plugins, and parsing takes longer than reading.
    if (!isExpected && !text.includes('"clew"')) return 'no plugin';
    const { name, clew } = JSON.parse(text) as { name?: unknown; clew?: unknown };
    if (clew === undefined && !isExpected) return 'no plugin';
    if (clew === undefined) throw new TypeError('its package.json has no field "clew"');
    if (!isStatement(clew)) throw new TypeError('its field "clew" is not { class, targets }');
    const known = typeof name === 'string' ? name : installedAs;
    const { class: className, targets } = clew;
    return { name: known, shortName: shortNameOf(known), folder, className, targets };
  } catch (fault) {
    diag.warn(`@clew/node: ${installedAs} is left out: ${(fault as Error).message}`);
    return 'broken';
  }
}

/** Returns `undefined` if there is no such file, for example behind a broken link. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fault;
  }
}

function isStatement(value: unknown): value is Statement {
  const { class: className, targets } = (value ?? {}) as Partial<Statement>;
  return typeof className === 'string' && Array.isArray(targets) && targets.every(isTarget);
}

function isTarget(value: unknown): boolean {
  const { module, versions, file, channel, handler } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (channel !== undefined) return typeof channel === 'string';
  if (handler !== undefined) return isHandler(handler);
  const hasVersions = versions === undefined || (Array.isArray(versions) && versions.every(isText));
  return isText(module) && hasVersions && (file === undefined || isText(file));
}

function isHandler(value: unknown): boolean {
  const { folder, name } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return isText(folder) && isText(name);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
